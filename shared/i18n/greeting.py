"""Greeting a customer by name: whatever stands in the name's place, we send on nothing but a name."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

MAX_LENGTH: Final = 60
"""What is longer is a sentence, not a name."""

_SPACES: Final = re.compile("[ \u00a0]+")
_SAME: Final = str.maketrans("\u2019\u2010", "'-")
_JOINERS: Final = "\u200c\u200d"
# Over kinds of characters: L a letter, M a mark on it, J a joiner that its script needs.
_WORD: Final = r"L(?:[LM]|J(?=[LM]))*"
_BETWEEN: Final = r"(?:\.?[ -]'?|' ?|\.(?=LM*\.))"
_NAME: Final = re.compile(rf"'?{_WORD}(?:{_BETWEEN}{_WORD})*\.?")


def greeting(name: str, *, named: str, unnamed: str) -> str:
    """`named` with the name in its `{name}`, or `unnamed` where there is none to greet by."""
    known = greetable(name)
    return unnamed if known is None else named.format(name=known)


@lru_cache(maxsize=10_000)
def greetable(name: str) -> str | None:
    """The name as a person may be greeted by it, or None if it could be anything else.

    A stranger gives a name to any address, and we write to that address: what is no name would be
    sent in ours. So only letters of any script count, with the dots, hyphens and apostrophes of names;
    a dot ends an initial or a title and never stands inside a word, as in an address on the web.
    """
    plain = _SPACES.sub(" ", name).strip(" ")
    if len(plain) > MAX_LENGTH:
        return None
    kinds = "".join(map(_kind, plain.translate(_SAME)))
    return plain if _NAME.fullmatch(kinds) else None


def _kind(sign: str) -> str:
    """L, M or J; any other sign stands for itself. Numerals of every script are others, too."""
    if sign in _JOINERS:
        return "J"
    category = unicodedata.category(sign)
    if category[0] == "L":
        return "L"
    return "M" if category in ("Mn", "Mc") else sign
