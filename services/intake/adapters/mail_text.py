"""The words in a mail: bytes in whatever charset, HTML, and what was quoted from earlier mails."""

import codecs
import re

from inscriptis import get_text  # type: ignore[import-untyped]  # it has no types
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]  # as above
from lxml.etree import LxmlError  # type: ignore[import-untyped]  # as above
from mailparser_reply import EmailReplyParser

from services.intake.domain.text import fit

MAX_HTML = 2_000_000
MAX_QUOTING = 50_000
LONGEST_LINE = 2_000
_STATEFUL = re.compile(r"(?i)utf[-_]?(7|16|32)|iso[-_]?2022|hz")
_TAG = re.compile(r"(?s)<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^>]*>")
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl"]
_AS_SHOWN = ParserConfig(display_images=False, display_links=False)


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
    shown = html[:MAX_HTML]
    try:
        return str(get_text(shown, _AS_SHOWN)).strip()
    except (LxmlError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _TAG.sub(" ", shown).strip()


def without_quotes(text: str) -> str:
    """The newest words of a mail; all of it where nothing else is left, or it is unlike a letter."""
    if len(text) > MAX_QUOTING or max(map(len, text.splitlines()), default=0) > LONGEST_LINE:
        return text
    reply = EmailReplyParser(languages=list(_LANGUAGES)).parse_reply(text)
    return (reply or "").strip() or text


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
