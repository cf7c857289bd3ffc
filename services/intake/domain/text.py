"""Text from anywhere, made fit to be stored, published and shown."""

import re

_UNFIT = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile("[\r\n\t\v\f\x1c-\x1f\x80-\x9f\u2028\u2029\x00-\x08\x0e-\x1b\x7f]+")
MAX_TEXT, MAX_LINE, MAX_NAME = 100_000, 998, 200


def fit(text: str) -> str:
    """The text with what PostgreSQL and UTF-8 cannot hold (NUL, lone surrogates) marked as lost."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNFIT.sub("\ufffd", text)


def line(text: str, longest: int = MAX_LINE) -> str:
    """One line of at most `longest` characters, without control characters."""
    plain = text if text.isprintable() else _BREAKS.sub(" ", fit(text))
    return plain.strip()[:longest]
