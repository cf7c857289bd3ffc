"""What happens without being asked: mails are sent when due, promises end when their time is over."""

import asyncio
from datetime import timedelta

from services.intake.adapters import store_promise
from services.intake.adapters.mail_out import Mailer
from services.intake.adapters.store_delivery import Claimed
from services.intake.application.promises import break_due
from services.intake.application.sending import Sending
from shared.database.database import Database
from shared.jobs.backoff import Backoff, pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.messaging.outbox import outbox
from shared.observability import metrics
from shared.observability.logging import get_logger

LOOK_SECONDS = 2.0

log = get_logger(__name__)


class Sender:
    """Sends what is due, several mails at once."""

    def __init__(
        self, sending: Sending, mailer: Mailer, *, connections: int, in_hand: int, poll: float
    ) -> None:
        self._sending, self._mailer, self._poll = sending, mailer, poll
        self._in_hand = in_hand
        self._free = asyncio.Semaphore(connections)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; what is in hand then is finished."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self._round(stop)
                backoff.reset()
            except Unavailable as error:
                log.warning("sending interrupted", reason=error.detail)
                await backoff.wait(stop)
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._mailer.close()

    async def _round(self, stop: asyncio.Event) -> None:
        claimed = await self._sending.claim(self._in_hand - len(self._tasks))
        for message in claimed:
            task = asyncio.create_task(self._one(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(self._tasks) >= self._in_hand:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        elif not claimed:
            await pause(stop, self._poll)

    async def _one(self, message: Claimed) -> None:
        """A message whose end cannot be written down is sent again when its lease ends."""
        async with self._free:
            try:
                await self._sending.send(message)
            except Exception:
                log.exception("a delivery was not settled", message_id=str(message.message_id))


class PromiseTimer:
    """Breaks promises whose time is over; asleep until the next is due.

    No promise is made that is due sooner than `longest_sleep`, so none is noticed late.
    """

    def __init__(
        self, database: Database, clock: Clock, *, batch: int, longest_sleep: timedelta
    ) -> None:
        self._database, self._clock, self._batch = database, clock, batch
        self._longest = longest_sleep.total_seconds()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                full = await self.act() == self._batch
                backoff.reset()
                await pause(stop, 0 if full else await self._until_next())
            except Unavailable as error:
                log.warning("promise timer interrupted", reason=error.detail)
                await backoff.wait(stop)

    async def act(self) -> int:
        """Break what is due, at most one batch; the number broken."""
        async with self._database.transaction() as tx:
            said = await break_due(tx, self._clock.now(), self._batch)
            await outbox.append(tx, said)
        return len(said)

    async def _until_next(self) -> float:
        async with self._database.connection() as tx:
            due_at = await store_promise.next_due(tx)
        if due_at is None:
            return self._longest
        left = (due_at - self._clock.now()).total_seconds()
        return min(max(left, 0.05), self._longest)


class PromiseWatch:
    """Counts the promises that are about to be broken, for those who can still do something."""

    def __init__(self, database: Database, clock: Clock, *, every: float = LOOK_SECONDS) -> None:
        self._database, self._clock, self._every = database, clock, every

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until `stop`."""
        while not stop.is_set():
            try:
                await self.look()
            except Unavailable as error:
                log.warning("promise watch interrupted", reason=error.detail)
            await pause(stop, self._every)

    async def look(self) -> None:
        """Look once. Raises `Unavailable`."""
        async with self._database.connection() as tx:
            metrics.promises_at_risk.set(await store_promise.at_risk(tx, self._clock.now()))
