"""The charsets of one mail: what programs write under their names, and a guess where a name says nothing."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

import chardet

MAX_GUESSES: Final = 30
"""So many pieces of a mail are guessed at; each takes some milliseconds, and a mail may have hundreds."""
_STATEFUL: Final = re.compile(r"(?i)utf[-_]?(7|16|32)|iso[-_]?2022|hz")
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
"""What is named as the first is written in the second, which holds it: as the web reads it (WHATWG Encoding)."""
_SAYS_NOTHING: Final = "ascii"
"""What mail programs write that know nothing better: with other bytes in it, it is wrong."""
_TELLING: Final = re.compile(rb"[\x1b\x80-\xff]")
_ESCAPE: Final = b"\x1b"
_SAMPLE: Final = 16_384
"""Bytes by which a charset is guessed, from the first that tells anything."""
_ERAS: Final = chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO


class Charsets:
    """Reads the bytes of one mail. `named`: the charset that the mail names for its words, if it names one."""

    def __init__(self) -> None:
        self.named: str | None = None
        self._guesses: dict[bytes, str | None] = {}

    def decoded(self, content: bytes, label: str | None = None) -> str:
        """Text, whatever its label says: valid UTF-8 is UTF-8, else as labelled, else as the mail's words, else as it looks."""
        for encoding in self._candidates(content, _known(label) or _known(self.named)):
            try:
                return content.decode(encoding).removeprefix("\ufeff")
            except UnicodeError:
                continue
        return content.decode("cp1252", errors="replace")

    def _candidates(self, content: bytes, name: str | None) -> Iterator[str]:
        if name is None and _ESCAPE in content:  # 7 bits that shift, and valid UTF-8 as well
            yield from self._guessed(content)
        labelled = dict.fromkeys((_SUPERSETS.get(name, name), name)) if name else ()
        if name and _STATEFUL.search(name):
            yield from labelled
            yield "utf-8"
        else:
            yield "utf-8"
            yield from labelled
        yield from self._guessed(content)

    def _guessed(self, content: bytes) -> Iterator[str]:
        found = _TELLING.search(content)
        sample = content[found.start() :][:_SAMPLE] if found else b""
        if sample not in self._guesses and len(self._guesses) < MAX_GUESSES:
            guess = chardet.detect(sample, encoding_era=_ERAS, prefer_superset=True)
            self._guesses[sample] = _known(guess["encoding"])
        yield from filter(None, [self._guesses.get(sample)])


def _known(charset: str | None) -> str | None:
    """The codec's own name, if there is a codec for text of that name, and it tells anything."""
    try:
        found = codecs.lookup((charset or "").strip(" \"'"))
    except (LookupError, ValueError):
        return None
    is_text = getattr(found, "_is_text_encoding", True) and found.name != _SAYS_NOTHING
    return found.name if is_text else None
