"""The timers: asleep until the next check-in is due, awake sooner when an earlier one is scheduled."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from services.followup.adapters import store
from services.followup.application.timing import Timing
from shared.database.database import Database, Tx
from shared.jobs.backoff import Backoff, pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.observability.logging import get_logger

LONGEST_SLEEP = timedelta(seconds=30)
"""A notice may be lost with its connection; nothing is late by more than this for that reason."""
SHORTEST_SLEEP = timedelta(milliseconds=50)
"""What is due and still there is in another worker's hands: look again, but do not spin."""
ALWAYS = datetime.max.replace(tzinfo=UTC)

Act = Callable[[Tx, int], Awaitable[int]]

log = get_logger(__name__)


class Timers:
    """Acts on what is due. Any number may run: each takes what no other has claimed."""

    def __init__(self, database: Database, timing: Timing, clock: Clock, batch: int) -> None:
        self._database, self._timing, self._clock, self._batch = database, timing, clock, batch
        self._wake = asyncio.Event()
        self._asleep_until = ALWAYS
        self._trouble: Unavailable | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a batch that was begun is finished."""
        backoff = Backoff()
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._wake.set())
        while not stop.is_set():
            try:
                await self._serve(stop, backoff)
            except Unavailable as error:
                self._trouble = error
                log.warning("timers interrupted", reason=error.detail)
                await backoff.wait(stop)
        stopping.cancel()

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps the timers from acting, if anything does."""
        if self._trouble:
            raise Unavailable(self._trouble.detail)

    async def act(self, stop: asyncio.Event) -> None:
        """Do all that is due now, batch by batch, unless `stop` is set."""
        for due in (self._timing.ask_due, self._timing.close_due):
            while await self._take(due) == self._batch and not stop.is_set():
                continue

    async def _serve(self, stop: asyncio.Event, backoff: Backoff) -> None:
        async with self._listening() as ear:
            while not stop.is_set():
                self._wake.clear()
                await self.act(stop)
                self._trouble = None
                backoff.reset()
                await self._sleep(stop)
                if ear.is_closed():
                    raise Unavailable("database: the connection that listens was lost")

    async def _take(self, due: Act) -> int:
        async with self._database.transaction() as tx:
            return await due(tx, self._batch)

    async def _sleep(self, stop: asyncio.Event) -> None:
        async with self._database.connection() as tx:
            due_at = await store.next_due(tx)
        now = self._clock.now()
        wanted = due_at - now if due_at else LONGEST_SLEEP
        seconds = min(max(wanted, SHORTEST_SLEEP), LONGEST_SLEEP)
        self._asleep_until = now + seconds
        if not stop.is_set():
            await pause(self._wake, seconds.total_seconds())
        self._asleep_until = ALWAYS

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[Tx]:
        async with self._database.connection() as ear:
            await ear.add_listener(store.CHANNEL, self._on_notice)
            try:
                yield ear
            finally:
                await ear.remove_listener(store.CHANNEL, self._on_notice)

    def _on_notice(self, *notice: object) -> None:
        """Something was scheduled: that matters if it is due before we would wake."""
        if datetime.fromisoformat(str(notice[-1])) < self._asleep_until:
            self._wake.set()
