"""What routing does without being asked: offer, end what is due, forecast, forget."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.routing.adapters import store_due, wakeups
from services.routing.adapters.wakeups import Wakeups
from services.routing.application.dispatch import Limits, dispatch
from services.routing.application.estimate import estimate
from services.routing.application.expire import end_what_is_due
from services.routing.domain.declining import Pauses
from services.routing.settings import Settings
from shared.database.database import Database, Tx
from shared.http import idempotency
from shared.jobs.backoff import Backoff, pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.observability.logging import get_logger

AT_ONCE = 500
SOON = 0.02
LONGEST_SLEEP = 30.0
HOUSEKEEPING = 60.0

Round = Callable[[Tx], Awaitable[float]]
"""One transaction of work; how many seconds to sleep unless woken."""

log = get_logger(__name__)


class Rounds:
    """A part that makes one round after another: woken by its bell, or when the time has come.

    It works half of the time at most, so that in a rush a round takes more at once instead of
    keeping the machine from those who bring the work.
    """

    def __init__(self, database: Database, bells: Wakeups, bell: str, work: Round) -> None:
        self._database, self._bells, self._bell, self._work = database, bells, bell, work
        self._trouble: Unavailable | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a round that was begun is finished."""
        backoff = Backoff()
        with self._bells.bell(self._bell) as bell:
            stopping = asyncio.create_task(stop.wait())
            stopping.add_done_callback(lambda _: bell.ring())
            while not stop.is_set():
                try:
                    began = asyncio.get_running_loop().time()
                    seconds = await self._round()
                    await pause(stop, asyncio.get_running_loop().time() - began)
                    await bell.wait(seconds)
                    backoff.reset()
                except Unavailable as error:
                    self._trouble = error
                    log.warning("a round was interrupted", bell=self._bell, reason=error.detail)
                    await backoff.wait(stop)
            stopping.cancel()

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps the rounds from being made, if anything does."""
        if self._trouble:
            raise Unavailable(self._trouble.detail)

    async def _round(self) -> float:
        async with self._database.transaction() as tx:
            seconds = await self._work(tx)
        self._trouble = None
        return seconds


def rounds(
    database: Database, bells: Wakeups, clock: Clock, settings: Settings
) -> dict[str, Rounds]:
    """All the rounds of a worker, by name."""
    limits = Limits(settings.per_group, settings.pass_limit)
    pauses = Pauses.of_seconds(
        settings.decline_pause_seconds, settings.longest_decline_pause_seconds
    )
    window = timedelta(seconds=settings.forecast_window_seconds)

    async def offer(tx: Tx) -> float:
        made = await dispatch(tx, clock, limits)
        if made.again:
            return SOON
        due = await store_due.next_ask(tx, clock.now())
        return _seconds_until(due, clock, settings.dispatch_seconds)

    async def end(tx: Tx) -> float:
        limit = settings.expiries_until_away
        ended = await end_what_is_due(
            tx, clock, expiries_until_away=limit, limit=AT_ONCE, pauses=pauses
        )
        due = await store_due.next_due(tx)
        return 0 if ended else _seconds_until(due, clock, LONGEST_SLEEP)

    async def forecast(tx: Tx) -> float:
        await estimate(tx, clock, window, pauses)
        return settings.forecast_seconds

    async def forget(tx: Tx) -> float:
        await idempotency.prune(tx, clock.now())
        return HOUSEKEEPING

    work: dict[str, tuple[str, Round]] = {
        "dispatcher": (wakeups.DISPATCH, offer),
        "timers": (wakeups.TIMERS, end),
        "forecaster": ("forecast", forecast),
        "housekeeping": ("housekeeping", forget),
    }
    return {name: Rounds(database, bells, *each) for name, each in work.items()}


def _seconds_until(due: datetime | None, clock: Clock, longest: float) -> float:
    """How long to sleep when nothing else wakes us; never so short that it would be no sleep."""
    if due is None:
        return longest
    return min(max((due - clock.now()).total_seconds(), SOON), longest)
