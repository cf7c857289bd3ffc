"""The words in a mail: HTML, and what was quoted from earlier mails."""

from services.intake.adapters.channels.email.html import text_of
from services.intake.adapters.channels.email.quotes import newest
from services.intake.domain.text import fit


def plain(html: str) -> str:
    """What a reader sees of it; without scripts, styles and markup."""
    return fit(text_of(html))


def without_quotes(text: str) -> str:
    """The newest words of a mail; all of it where nothing else is left."""
    return newest(text) or text


def tidy(text: str) -> str:
    """Text with plain line ends and nothing that cannot be stored."""
    return fit(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
