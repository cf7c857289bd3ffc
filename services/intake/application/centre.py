"""The centre as the use cases see it: read from the database, at most a moment old."""

from datetime import UTC, datetime, timedelta

from services.intake.adapters import store_centre
from services.intake.domain.centre import Acknowledge, Centre, Defaults
from services.intake.domain.topic import TopicRules
from shared.database.database import Tx
from shared.kernel.clock import Clock

MOMENT = timedelta(seconds=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class CurrentCentre:
    """Gives the present snapshot; two statements a second, however busy the doors are."""

    def __init__(self, defaults: Defaults, acknowledge: Acknowledge, clock: Clock) -> None:
        self._defaults, self._acknowledge, self._clock = defaults, acknowledge, clock
        self._centre: Centre | None = None
        self._read_at = LONG_AGO

    async def read(self, tx: Tx) -> Centre:
        """The centre as it is now, or was a moment ago."""
        now = self._clock.now()
        if self._centre is None or abs(now - self._read_at) >= MOMENT:
            self._centre = Centre(
                queues=await store_centre.queues(tx),
                rules=TopicRules(await store_centre.rules(tx)),
                defaults=self._defaults,
                acknowledge=self._acknowledge,
            )
            self._read_at = now
        return self._centre
