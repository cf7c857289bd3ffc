"""The words in a mail: bytes in whatever charset, HTML, and what was quoted from earlier mails."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

import chardet

from services.intake.adapters.channels.email.html import text_of
from services.intake.adapters.channels.email.quotes import newest
from services.intake.domain.text import fit

_STATEFUL = re.compile(r"(?i)utf[-_]?(7|16|32)|iso[-_]?2022|hz")
_SUPERSETS: Final = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
}
"""What is labelled as the first is written in the second, which holds it: as the web reads it (WHATWG Encoding)."""
_NO_LABEL: Final = "ascii"
"""What mail programs write that know nothing better: with other bytes in it, it says nothing."""
_TELLING: Final = re.compile(rb"[\x1b\x80-\xff]")
_ESCAPE: Final = b"\x1b"
_SAMPLE: Final = 16_384
"""Bytes by which a charset is guessed, from the first that tells anything."""
_ERAS: Final = chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO


def decoded(content: bytes, charset: str | None) -> str:
    """Text, whatever its label says: valid UTF-8 is UTF-8, else as labelled, else as it looks."""
    for encoding in _candidates(content, _known(charset)):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except UnicodeError:
            continue
    return content.decode("cp1252", errors="replace")


def _candidates(content: bytes, name: str | None) -> Iterator[str]:
    if name is None and _ESCAPE in content:  # 7 bits that shift, and valid UTF-8 as well
        yield from _guessed(content)
    if name and _STATEFUL.search(name):
        yield _SUPERSETS.get(name, name)
    yield "utf-8"
    if name:
        yield _SUPERSETS.get(name, name)
        yield name
    yield from _guessed(content)


def _guessed(content: bytes) -> Iterator[str]:
    found = _TELLING.search(content)
    if found:
        sample = content[found.start() :][:_SAMPLE]
        guess = _known(chardet.detect(sample, encoding_era=_ERAS, prefer_superset=True)["encoding"])
        yield from filter(None, [guess])


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
    """The codec's own name, if there is a codec for text of that name, and it tells anything."""
    try:
        found = codecs.lookup((charset or "").strip(" \"'"))
    except (LookupError, ValueError):
        return None
    is_text = getattr(found, "_is_text_encoding", True) and found.name != _NO_LABEL
    return found.name if is_text else None
