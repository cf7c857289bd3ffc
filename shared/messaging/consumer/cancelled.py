"""Events whose statements the database cancels for their length although each stands alone."""

from collections.abc import Callable
from typing import Generic, TypeVar

from shared.kernel.errors import Cancelled

E = TypeVar("E")


class CancelledAlone(Generic[E]):
    """Those of one batch. The fault is theirs if others of the subscription are handled meanwhile.

    If none is, the database is what is slow: that is an outage, and nothing becomes a dead letter.
    """

    def __init__(self, handled: Callable[[], int]) -> None:
        """`handled` counts what the subscription has handled so far."""
        self._handled, self._before = handled, handled()
        self._events: list[tuple[E, Cancelled]] = []

    def add(self, event: E, error: Cancelled) -> None:
        """It was cancelled. Raises `Cancelled` if it is the second, and nothing has been handled."""
        if self._events:
            self._judge(error)
        self._events.append((event, error))

    def at_fault(self) -> list[tuple[E, Cancelled]]:
        """Each with what was said of it. Raises `Cancelled` if nothing has been handled meanwhile."""
        for _, error in self._events:
            self._judge(error)
        return self._events

    def _judge(self, error: Cancelled) -> None:
        if self._handled() == self._before:
            raise error
