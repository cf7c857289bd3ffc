"""Lists come in pages: so many entries at most, and `next`, the cursor of the next page, null on the last.

A cursor is what the last entry of a page is known by: what comes or goes meanwhile moves no other entry.
"""

from typing import Annotated, Final

from fastapi import Query

DEFAULT: Final = 200
Limit = Annotated[int, Query(ge=1, le=1_000, description="Entries of a page at most.")]
After = Annotated[str, Query(max_length=200)]
"""The id that the page before ended with; empty: the first page."""
