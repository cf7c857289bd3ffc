"""The words in a mail: bytes in whatever charset, HTML, and what was quoted from earlier mails."""

import codecs
import re

from services.intake.adapters.channels.email.html import text_of
from services.intake.adapters.channels.email.quotes import newest
from services.intake.domain.text import fit

_STATEFUL = re.compile(r"(?i)utf[-_]?(7|16|32)|iso[-_]?2022|hz")


def decoded(content: bytes, charset: str | None) -> str:
    """Text, whatever its label says: valid UTF-8 is UTF-8, else as labelled, else as Windows would."""
    name = _known(charset)
    stateful = name is not None and _STATEFUL.search(name)
    tries = (name, "utf-8") if stateful else ("utf-8", name)
    for encoding in filter(None, tries):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeError:
            continue
    return content.decode("cp1252", errors="replace")


def plain(html: str) -> str:
    """What a reader sees of it; without scripts, styles and markup."""
    return fit(text_of(html))


def without_quotes(text: str) -> str:
    """The newest words of a mail; all of it where nothing else is left."""
    return newest(text) or text


def tidy(text: str) -> str:
    """Text with plain line ends and nothing that cannot be stored."""
    return fit(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _known(charset: str | None) -> str | None:
    """The codec's own name, if there is a codec for text of that name."""
    try:
        found = codecs.lookup((charset or "").strip(" \"'"))
    except (LookupError, ValueError):
        return None
    return found.name if getattr(found, "_is_text_encoding", True) else None
