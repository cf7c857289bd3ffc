"""A lease: who alone may act outside of the database, and until when.

A lock of a session ends with its connection, and a node that lost its power keeps its connection until
TCP gives up, two hours later by default. A lease ends by itself: a row names the holder, how long it
lasts, and its number, which rises with each new holder. The holder renews it at a third of its life,
and stops before it ends; its clock also runs while the machine is suspended, and counts from before the
renewal was sent.

What a holder writes begins with the row of its own number, shared until its transaction ends:

    select from lease where name = … and number = … for key share

`number` is in a key of the table, so the next holder, who changes it, waits for that transaction, and
whoever slept through the end of its lease finds no row and changes nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

from shared.database.database import Database
from shared.jobs.tasks import end
from shared.kernel.errors import Unavailable
from shared.kernel.ids import new_id

LIFE_SECONDS: Final = 15.0
"""A crash stops the work for so long at most, and a look of whoever waits."""
MARGIN: Final = 0.1
"""The share of a life by which the holder stops earlier than anybody else may begin."""

_BOOT: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux the one runs on while the machine is suspended; where it is missing (macOS), so does the other."""

# Apart from taking it: an upsert waits at one key only, and fails where two first ones meet at the other.
NAME = """
insert into lease (name, holder, number, expires_at) values ($1, $2, 0, '-infinity')
on conflict do nothing
"""
TAKE = """
update lease set holder = $2, number = number + 1, expires_at = clock_timestamp() + $3 * interval '1 s'
where name = $1 and expires_at <= clock_timestamp()
returning number
"""
RENEW = """
update lease set expires_at = clock_timestamp() + $3 * interval '1 s'
where name = $1 and number = $2 returning number
"""
GIVE_BACK = "update lease set expires_at = '-infinity' where name = $1 and number = $2"


class LeaseLost(Unavailable):
    """It has ended, or another holds it."""


def since_boot() -> float:
    """Seconds, by a clock that nobody sets and that also runs while the machine is suspended."""
    return time.clock_gettime(_BOOT)


class Lease:
    """One process's claim to one name; `number` is 0 while another holds it."""

    def __init__(
        self,
        database: Database,
        name: str,
        life: float = LIFE_SECONDS,
        clock: Callable[[], float] = since_boot,
    ) -> None:
        self._database, self.name = database, name
        self._life, self._clock = life, clock
        self._holder: UUID = new_id()
        self._ends = 0.0
        self.number = 0

    @property
    def seconds_left(self) -> float:
        """How long it is ours for certain; 0 or less: we must not act."""
        return self._ends - self._clock() if self.number else 0.0

    def check(self) -> None:
        """Raises `LeaseLost` unless it is ours."""
        if self.seconds_left <= 0:
            raise LeaseLost(f"lease: {self.name} is not ours any more")

    async def take(self) -> bool:
        """Take it if nobody holds it. True: it is ours. Raises `Unavailable`."""
        asked = self._clock()
        async with self._database.connection() as connection:
            await connection.execute(NAME, self.name, self._holder)
            number = await connection.fetchval(TAKE, self.name, self._holder, self._life)
        self._held(number or 0, asked)
        return bool(number)

    async def renew(self) -> None:
        """Hold it for another life. Raises `LeaseLost` if another holds it, `Unavailable`."""
        asked = self._clock()
        async with self._database.connection() as connection:
            number = await connection.fetchval(RENEW, self.name, self.number, self._life)
        self._held(number or 0, asked)
        self.check()

    async def give_back(self) -> None:
        """Let the next one begin at once; where that cannot be said, they wait until it ends."""
        number, self.number = self.number, 0
        if number:
            with suppress(Unavailable):
                async with self._database.connection() as connection:
                    await connection.execute(GIVE_BACK, self.name, number)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew what was taken for as long as the block runs, and give it back afterwards.

        The block is cancelled when the lease is about to end without having been renewed, and
        `LeaseLost` is raised instead.
        """
        deadline = asyncio.timeout(self.seconds_left)
        try:
            async with deadline:
                renewing = asyncio.create_task(self._renew_regularly(deadline))
                try:
                    yield
                finally:
                    await end(renewing)
        except Exception as error:
            if not deadline.expired():
                raise
            self.number = 0
            raise LeaseLost(f"lease: {self.name} could not be renewed") from error
        finally:
            await self.give_back()

    async def _renew_regularly(self, deadline: asyncio.Timeout) -> None:
        pause = self._life / 3
        while True:
            await asyncio.sleep(pause)
            try:
                await self.renew()
            except LeaseLost:
                deadline.reschedule(0)
                return
            except Unavailable:
                pause = self._life / 20
            else:
                pause = self._life / 3
                deadline.reschedule(asyncio.get_running_loop().time() + self.seconds_left)

    def _held(self, number: int, asked: float) -> None:
        self.number = number
        self._ends = asked + self._life * (1 - MARGIN)
