"""What analytics does on the side: say how fresh the figures are, and forget sums that became 0."""

import asyncio
from datetime import timedelta

from services.analytics.adapters import store
from shared.database.database import Database
from shared.jobs.backoff import pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

SETTLED = timedelta(hours=2)
"""Sums of periods older than this seldom move, so a 0 among them may go."""

log = get_logger(__name__)


class Upkeep:
    """A part of the worker. Any number may run at once."""

    def __init__(self, database: Database, clock: Clock, every_seconds: float) -> None:
        self._database, self._clock, self._every = database, clock, every_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """A round now and then until `stop`; a database that is away is tried again."""
        while not stop.is_set():
            try:
                await self.round()
            except Unavailable as error:
                log.warning("upkeep interrupted", reason=error.detail)
            await pause(stop, self._every)

    async def round(self) -> None:
        """Measure once, sweep once. Raises `Unavailable`."""
        now = self._clock.now()
        async with self._database.connection() as tx:
            await store.sweep(tx, before=now - SETTLED)
            newest = await store.newest_event(tx)
        if newest:
            metrics.figures_age.set(max(0.0, (now - newest).total_seconds()))
