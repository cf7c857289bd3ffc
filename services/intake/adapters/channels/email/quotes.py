"""Where the words of a mail end and what it quotes begins: one pass over its lines.

Each line is looked at a fixed number of times and by its beginning and end alone, so that no text,
however odd, takes longer than its length.
"""

from collections.abc import Sequence
from typing import Final

_INTRODUCED: Final = {
    "on": ("wrote:",),
    "am": ("schrieb", ":"),
    "le": ("a écrit", ":"),
    "el": ("escribió:",),
    "il": ("ha scritto:",),
    "op": ("schreef", ":"),
}
"""How mail programs introduce a quote, by its first word: what its end holds, the last of it at the very end."""
_LONGEST_INTRODUCTION: Final = 3
"""Lines: long names and addresses make mail programs break it."""
_HEADS: Final = (
    frozenset(("from", "sent", "to", "subject", "date", "cc", "organization")),
    frozenset(("von", "gesendet", "an", "betreff", "datum", "cc", "organisation")),
    frozenset(("de", "envoyé", "à", "objet", "date", "cc")),
    frozenset(("de", "enviado", "para", "asunto", "fecha", "cc", "organización")),
    frozenset(("da", "inviato", "a", "oggetto", "data", "cc")),
    frozenset(("van", "verzonden", "aan", "onderwerp", "datum", "cc")),
)
"""The names of a quoted mail's head, by language."""
_LONGEST_HEAD: Final = max(len(name) for names in _HEADS for name in names)
_ORIGINAL: Final = "original message"
_MARK: Final = ">"
_MARKS: Final = " \t>*\xa0"


def newest(text: str) -> str:
    """The words that no quote holds; empty if there are none.

    A quote of which each line is marked ends with its last mark, and more of the words may follow; any other goes on to the end.
    """
    lines = text.split("\n")
    bare = [line.strip(_MARKS + "\r") for line in lines]
    kept, number, quoting = [], 0, False
    while number < len(lines):
        if _begins_a_quote(bare, number):
            number = _behind_marks(lines, number)
            quoting = True
        elif quoting and lines[number].startswith(_MARK):
            number += 1
        else:
            kept.append(lines[number])
            number += 1
    return "\n".join(kept).strip() if quoting else text


def _behind_marks(lines: Sequence[str], number: int) -> int:
    """Where the quote that begins here ends: behind its marked lines, or at the end of the text."""
    marked = range(number, min(number + _LONGEST_INTRODUCTION + 2, len(lines)))
    first = next((place for place in marked if lines[place].startswith(_MARK)), len(lines))
    while first < len(lines) and lines[first].startswith(_MARK):
        first += 1
    return first


def _begins_a_quote(lines: Sequence[str], number: int) -> bool:
    line = lines[number]
    return bool(line) and (
        _is_introduction(lines, number) or _is_separator(line) or _is_head(lines, number)
    )


def _is_introduction(lines: Sequence[str], number: int) -> bool:
    """`On Monday, Asha` and so on `wrote:`, on one line or a few."""
    first, _, rest = lines[number][:4].partition(" ")
    ending = _INTRODUCED.get(first.casefold())
    if ending is None or not rest:
        return False
    verb_seen = False
    for line in lines[number : number + _LONGEST_INTRODUCTION]:
        said = line.casefold()
        verb_seen = verb_seen or ending[0] in said
        if not line or (verb_seen and said.endswith(ending[-1])):
            return bool(line)
    return False


def _is_separator(line: str) -> bool:
    """`-----Original Message-----`."""
    return (
        line.startswith("-----")
        and line.endswith("-----")
        and line.strip("- ").casefold() == _ORIGINAL
    )


def _is_head(lines: Sequence[str], number: int) -> bool:
    """Two lines of a head, one after the other; a value may stand on the line behind its name."""
    first, following = _field(lines[number]), lines[number + 1 : number + 3]
    if not first or not following:
        return False
    second = _field(following[0]) or (_field(following[-1]) if _is_bare(lines[number]) else "")
    return any({first, second} <= names for names in _HEADS)


def _field(line: str) -> str:
    name, colon, _ = line[: _LONGEST_HEAD + 3].partition(":")
    return name.strip(_MARKS).casefold() if colon else ""


def _is_bare(line: str) -> bool:
    return line.rstrip(_MARKS).endswith(":")
