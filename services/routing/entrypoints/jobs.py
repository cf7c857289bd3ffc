"""Every periodic job of the worker: what wakes it, what it does, and when it is due again."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from services.routing.adapters.db import contacts, offers
from services.routing.application import signals
from services.routing.application.commands.end_due import end_due
from services.routing.application.commands.make_offers import Limits, make_offers
from services.routing.application.commands.publish_forecasts import publish_forecasts
from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.settings import Settings
from shared.database.database import Database, Tx
from shared.jobs.periodic import Job, seconds_until
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import execute
from shared.observability import metrics

MAX_ENDED = 500
"""Offers and wrap-ups that one transaction ends."""
SOON = 0.02
"""Seconds: what is due and still there is in other hands, so look again, but do not spin."""
MAX_WAIT = 30.0


class Context(NamedTuple):
    """What every job works with."""

    database: Database
    clock: Clock
    settings: Settings


async def dispatch(context: Context) -> float:
    """One pass of the match; the next one soon if more could be placed at once."""
    database, clock, settings = context
    limits = Limits(settings.per_group, settings.pass_limit)
    with metrics.match_pass_seconds.time():
        made = await execute(database, lambda tx: make_offers(tx, clock, limits))
    if made.again:
        return SOON
    next_to_ask = partial(contacts.next_to_ask_again, now=clock.now())
    return await _seconds_until(next_to_ask, context, settings.dispatch_seconds)


async def end_what_is_due(context: Context) -> float:
    """End offers and wrap-ups whose time has come; at once again if there were any.

    Every offer wakes it, so it begins with a look and not with a transaction.
    """
    database, clock, settings = context
    seconds = await _seconds_until(offers.next_due, context, MAX_WAIT)
    if seconds > SOON:
        return seconds
    ended = await execute(
        database,
        lambda tx: end_due(
            tx,
            clock.now(),
            expiries_until_away=settings.expiries_until_away,
            max_count=MAX_ENDED,
            pauses=_pauses(settings),
        ),
    )
    return 0 if ended else SOON


async def forecast(context: Context) -> float:
    """Forecast every queue."""
    database, clock, settings = context
    window = timedelta(seconds=settings.forecast_window_seconds)
    await execute(
        database, lambda tx: publish_forecasts(tx, clock.now(), window, _pauses(settings))
    )
    return settings.forecast_seconds


JOBS = {
    "dispatcher": Job(dispatch, signals.DISPATCH),  # whoever waits to whoever is free
    "due": Job(end_what_is_due, signals.DUE),  # offers and wrap-ups that end by themselves
    "forecaster": Job(forecast),  # how long one waits in each queue
}


def _pauses(settings: Settings) -> Pauses:
    return Pauses.of_seconds(settings.decline_pause_seconds, settings.longest_decline_pause_seconds)


async def _seconds_until(
    next_due: Callable[[Tx], Awaitable[datetime | None]], context: Context, longest: float
) -> float:
    async with context.database.connection() as tx:
        due = await next_due(tx)
    return seconds_until(due, context.clock.now(), shortest=SOON, longest=longest)
