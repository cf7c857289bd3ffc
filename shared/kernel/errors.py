"""Failures by kind: the kind decides what happens next, never the place where it was raised.

Failure
├── Invalid       wrong and will stay wrong: refuse it (422), or dead-letter it
├── Missing       what it names is not here (404)
├── Conflict      the state does not allow it now (409)
├── Denied        the caller may not (403)
├── Unavailable   a part we need is away: retry with backoff (503)
│   └── Cancelled  the database cancelled a statement for its length: less at once may pass
└── Overloaded    we are full: slow the reader down (429)
"""

from typing import ClassVar


class Failure(Exception):
    """Something that was refused or could not be done, with a reason that is safe to show.

    `detail` never holds personal data: it is logged, and it travels in dead letters.
    """

    kind: ClassVar[str] = "failure"

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class Invalid(Failure):
    """The input is wrong; trying again cannot help."""

    kind = "invalid"


class Missing(Failure):
    """What the input names does not exist here."""

    kind = "missing"


class Conflict(Failure):
    """The present state does not allow it."""

    kind = "conflict"


class Denied(Failure):
    """The caller is known but may not do this."""

    kind = "denied"


class Unavailable(Failure):
    """A part we depend on is away; the same call may work later."""

    kind = "unavailable"


class Cancelled(Unavailable):
    """The database cancelled a statement that took too long; a part of the same work may be done.

    Who cannot ask for less waits, as in any other outage.
    """


class Overloaded(Failure):
    """We are at a limit; the caller should slow down."""

    kind = "overloaded"
