"""Wake-ups inside routing, by PostgreSQL's LISTEN and NOTIFY: rung when the transaction commits.

A wake-up carries no state and may be missed: whoever is woken looks for himself, and looks once in
a while anyway.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from shared.database.database import Database, Tx
from shared.jobs.backoff import Backoff
from shared.kernel.errors import Unavailable
from shared.observability.logging import get_logger

CHANNEL = "routing"
DISPATCH = "dispatch"
TIMERS = "timers"
RING = "select pg_notify('routing', bell) from unnest($1::text[]) as bell"

log = get_logger(__name__)


def desk(agent_id: str) -> str:
    """The bell of one agent's desk."""
    return f"desk:{agent_id}"


async def ring(tx: Tx, bells: Iterable[str]) -> None:
    """Wake who waits for these bells, when `tx` commits."""
    if distinct := sorted(set(bells)):
        await tx.execute(RING, distinct)


class Bell:
    """Rung by others, waited for by one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it has been rung since the last wait, or so many seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


class Wakeups:
    """One listening connection for a whole process; a part of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bells: dict[str, set[Bell]] = defaultdict(set)

    @contextmanager
    def bell(self, name: str) -> Iterator[Bell]:
        """A bell that rings whenever `name` does, until the block ends."""
        bell = Bell()
        self._bells[name].add(bell)
        try:
            yield bell
        finally:
            self._bells[name].discard(bell)
            if not self._bells[name]:
                del self._bells[name]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; a lost connection is made again, and then every bell rings."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self._listen(stop)
                backoff.reset()
            except Unavailable as error:
                log.warning("wake-ups are away", reason=error.detail)
                await backoff.wait(stop)

    async def _listen(self, stop: asyncio.Event) -> None:
        """Until `stop`, or until the connection is lost."""
        ended = asyncio.Event()
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: ended.set())
        try:
            async with self._database.connection() as connection:
                connection.add_termination_listener(lambda _: ended.set())
                await connection.add_listener(CHANNEL, self._heard)
                self._ring_all()
                await ended.wait()
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, self._heard)
        finally:
            stopping.cancel()

    def _heard(self, *notice: object) -> None:
        for bell in self._bells.get(str(notice[-1]), ()):
            bell.ring()

    def _ring_all(self) -> None:
        for bells in self._bells.values():
            for bell in bells:
                bell.ring()
