"""What a command prints of a list: its lines, or in a line of their own that there are none."""

from collections.abc import Iterable


def listing(lines: Iterable[str], *, nothing: str) -> str:
    """The lines as one text; `nothing` if there are none, because silence could be a failure too."""
    return "\n".join(lines) or nothing
