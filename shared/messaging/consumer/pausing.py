"""Whether a consumer group is paused: the database says so, to every process that reads for the group."""

import asyncio

from shared.database.database import Database
from shared.jobs.backoff import pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.messaging.dead_letters.limit import TooManyDeadLetters
from shared.messaging.dead_letters.pauses import pause_group, paused_groups
from shared.observability import metrics
from shared.observability.outages import Trouble

LOOK_EVERY_SECONDS = 1.0


class GroupPause:
    """The pause of one group, looked at every second.

    Until it was looked at for the first time the group counts as paused: it may have been before we
    started.
    """

    def __init__(self, group: str, database: Database, clock: Clock) -> None:
        self._group, self._database, self._clock = group, database, clock
        self._gone = asyncio.Event()
        self._trouble = Trouble(group)

    async def begin(self, reached: TooManyDeadLetters) -> None:
        """Pause the group in every process, until an operator resumes it. Raises `Unavailable`."""
        async with self._database.transaction() as tx:
            await pause_group(tx, self._group, reached.detail, self._clock.now())
        await self.look()

    async def over(self, stop: asyncio.Event) -> bool:
        """Returns when the group is not paused (True), or when `stop` is set (False)."""
        while not self._gone.is_set() and not stop.is_set():
            await pause(stop, LOOK_EVERY_SECONDS)
        return not stop.is_set()

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again and again until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except Unavailable as error:
                self._trouble.met(error)
            await pause(stop, LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Whether it is paused now. Raises `Unavailable`."""
        async with self._database.connection() as connection:
            found = await paused_groups(connection, self._group)
        metrics.consumer_paused.labels(self._group).set(len(found))
        if found:
            self._gone.clear()
            self._trouble.met(TooManyDeadLetters(f"paused: {found[0].paused_because}"))
        else:
            self._gone.set()
            self._trouble.over()

    async def check(self) -> None:
        """Raises `Unavailable` with why it is paused, if it is."""
        await self._trouble.check()
