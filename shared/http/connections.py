"""The connections of one server, by what they do: each kind has places of its own.

A connection *waits* while no whole request has arrived on it, is *at work* until the answer is complete, or is an open *stream*.
So silent sockets, slow senders and desks never take the places of requests, nor requests theirs.
"""

from typing import Final, Protocol

from shared.kernel.errors import Overloaded, Unavailable
from shared.settings import HttpSettings

RETRY_STREAM_SECONDS: Final = 10
"""A desk that comes back at once would find the same desks open."""


class Connection(Protocol):
    """What is kept of one connection."""

    def give_up_place(self) -> None:
        """Close it: a newer one needs its place."""
        ...


class Connections:
    """Who is in which place. A connection is in one at most."""

    def __init__(self, limits: HttpSettings) -> None:
        self._limits = limits
        self._waiting: dict[Connection, None] = {}  # the longest wait first
        self._at_work: set[Connection] = set()
        self._streams: dict[Connection, str | None] = {}  # whose it is
        self.closing = False
        """Each answer is the last of its connection."""

    @property
    def is_full(self) -> bool:
        """Whether as many requests are at work as may be."""
        return len(self._at_work) >= self._limits.limit_concurrency

    @property
    def anybody_waits(self) -> bool:
        """Whether a request may be on its way."""
        return bool(self._waiting)

    def is_waiting(self, connection: Connection) -> bool:
        """Whether no whole request has arrived on it."""
        return connection in self._waiting

    def wait(self, connection: Connection) -> None:
        """It waits from now on; where too many do, the one that has waited longest gives up its place."""
        self.leave(connection)
        if len(self._waiting) >= self._limits.limit_waiting:
            longest = next(iter(self._waiting))
            self.leave(longest)
            longest.give_up_place()
        self._waiting[connection] = None

    def work(self, connection: Connection) -> None:
        """A whole request has arrived on it."""
        self._waiting.pop(connection, None)
        self._at_work.add(connection)

    def stream(self, connection: Connection, subject: str | None) -> None:
        """Its answer is a stream of this caller, or of nobody known.

        Raises `Overloaded` where the caller has too many open, `Unavailable` where all together have.
        """
        if subject is not None and self._open_of(subject) >= self._limits.limit_caller_streams:
            raise Overloaded(
                "this caller has too many event streams open",
                retry_after_seconds=RETRY_STREAM_SECONDS,
            )
        if len(self._streams) >= self._limits.limit_streams:
            raise Unavailable(
                "too many event streams are open", retry_after_seconds=RETRY_STREAM_SECONDS
            )
        self.leave(connection)
        self._streams[connection] = subject

    def leave(self, connection: Connection) -> None:
        """It is gone, or about to take another place."""
        self._waiting.pop(connection, None)
        self._at_work.discard(connection)
        self._streams.pop(connection, None)

    def _open_of(self, subject: str) -> int:
        return list(self._streams.values()).count(subject)
