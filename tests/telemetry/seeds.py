"""Marked words that stand for what people are and say, and a search for them in any disguise."""

import base64
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from deploy.local.people.customers import Customer

LATIN, CYRILLIC, TELUGU = "Quarzwurm", "Жаргалсайхан", "వెంకటలక్ష్మి"
ARABIC, HAN, BEYOND = "زرقاءاليمامة", "鹿鳴呦呦", "𐎤𐎢𐎽𐎢𐏁"
WORDS = (LATIN, CYRILLIC, TELUGU, ARABIC, HAN, BEYOND)
PHONE = "+49 170 5550199"
_DIGITS = rb"[ ().\-/]?".join(b"1705550199"[n : n + 1] for n in range(10))
_AROUND = 80


def marked(what: str) -> str:
    """A text that holds every marked word and a phone number; `what` names where it was written."""
    return f"{what}: {' '.join(WORDS)}, {PHONE}"


def somebody(key: str, word: str = LATIN, language: str = "en") -> Customer:
    """A person whose name and address are marked; `key` tells one from the next."""
    return Customer(
        name=f"{word} {LATIN}",
        address=f"{LATIN}.{key}@{LATIN}.example".lower(),
        language=language,
        time_zone="Europe/London",
    )


def found_in(places: Mapping[str, bytes]) -> list[str]:
    """Where a marked word stands, with what is around it; empty if there is none."""
    return [f"{place}: {hit}" for place, content in places.items() for hit in _hits(content)]


def _hits(content: bytes) -> Iterator[str]:
    for match in _MARKED.finditer(content):
        around = content[max(0, match.start() - _AROUND) : match.end() + _AROUND]
        yield around.decode(errors="replace").replace("\n", "⏎")


def _disguises(word: str) -> Iterator[bytes]:
    """The word as logs, protocols and programs spell it."""
    plain = word.encode()
    yield from (plain, word.encode("utf-16-le"), plain.decode("latin-1").encode())
    yield word.encode("unicode_escape")
    yield word.encode("utf-16-be").hex(" ", 2).replace(" ", "\\u").encode()
    yield repr(plain)[2:-1].encode()
    yield quote(word).encode()
    yield "".join(f"={byte:02X}" for byte in plain).encode()
    yield "".join(f"\\{byte:03o}" for byte in plain).encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + plain)
        yield coded[(0, 2, 3)[shift] : -4]


_SPELLINGS = {spelt for word in WORDS for spelt in (word, word.lower(), word.upper())}
_MARKED = re.compile(
    b"|".join([_DIGITS, *(re.escape(each) for word in _SPELLINGS for each in _disguises(word))]),
    re.IGNORECASE,
)
