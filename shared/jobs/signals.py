"""Signals between the processes of one service, by PostgreSQL's LISTEN and NOTIFY.

A signal is sent when the transaction that notifies commits. It carries no state and may be missed, as
when the listening connection is lost: whoever waits for one looks for itself, and looks once in a
while anyway.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from shared.database.database import Database, Tx
from shared.jobs.backoff import Backoff
from shared.kernel.errors import Unavailable
from shared.observability.outages import Trouble

CHANNEL = "signals"
NOTIFY = "select pg_notify('signals', name) from unnest($1::text[]) as name"


async def notify(tx: Tx, names: Iterable[str]) -> None:
    """Set these signals in every process that waits for one of them, when `tx` commits."""
    if distinct := sorted(set(names)):
        await tx.execute(NOTIFY, distinct)


class Signal:
    """Set by others, waited for by one."""

    def __init__(self) -> None:
        self._set = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether it has been set since the last wait."""
        return self._set.is_set()

    def set(self) -> None:
        """Wake whoever waits, now or at their next wait."""
        self._set.set()

    async def wait(self, seconds: float) -> None:
        """Until it has been set since the last wait, or so many seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._set.wait()
        self._set.clear()


class Signals:
    """One listening connection for a whole process; a part of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[Signal]] = defaultdict(set)

    @contextmanager
    def subscribe(self, name: str) -> Iterator[Signal]:
        """A signal that is set whenever somebody notifies `name`, until the block ends."""
        signal = Signal()
        self._waiting[name].add(signal)
        try:
            yield signal
        finally:
            self._waiting[name].discard(signal)
            if not self._waiting[name]:
                del self._waiting[name]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; a lost connection is made again, and then every signal is set."""
        backoff, trouble = Backoff(), Trouble("signals")
        while not stop.is_set():
            try:
                await self._listen(stop, trouble)
                backoff.reset()
            except Unavailable as error:
                trouble.met(error)
                await backoff.wait(stop)

    async def _listen(self, stop: asyncio.Event, trouble: Trouble) -> None:
        """Until `stop`, or until the connection is lost."""
        ended = asyncio.Event()
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: ended.set())
        try:
            async with self._database.connection() as connection:
                connection.add_termination_listener(lambda _: ended.set())
                await connection.add_listener(CHANNEL, self._on_notice)
                trouble.over()
                self._set_all()
                await ended.wait()
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, self._on_notice)
        finally:
            stopping.cancel()

    def _on_notice(self, *notice: object) -> None:
        for signal in self._waiting.get(str(notice[-1]), ()):
            signal.set()

    def _set_all(self) -> None:
        for signals in self._waiting.values():
            for signal in signals:
                signal.set()
