"""The centre config as the use cases see it: read from the database, at most a moment old."""

from datetime import UTC, datetime, timedelta

from services.intake.adapters.db import queues, topic_rules
from services.intake.domain.centre_config import Acknowledge, CentreConfig, Defaults
from services.intake.domain.channels import Channels
from services.intake.domain.topic import TopicRules
from shared.database.database import Tx
from shared.kernel.clock import Clock

MOMENT = timedelta(seconds=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class CurrentCentreConfig:
    """Gives the present snapshot; two statements a second, however much comes in."""

    def __init__(
        self, defaults: Defaults, acknowledge: Acknowledge, channels: Channels, clock: Clock
    ) -> None:
        self._defaults, self._acknowledge, self._clock = defaults, acknowledge, clock
        self.channels = channels
        self._config: CentreConfig | None = None
        self._read_at = LONG_AGO

    async def read(self, tx: Tx) -> CentreConfig:
        """The centre config as it is now, or was a moment ago."""
        now = self._clock.now()
        if self._config is None or abs(now - self._read_at) >= MOMENT:
            self._config = CentreConfig(
                queues=await queues.all_queues(tx),
                rules=TopicRules(await topic_rules.all_rules(tx)),
                defaults=self._defaults,
                acknowledge=self._acknowledge,
                channels=self.channels,
            )
            self._read_at = now
        return self._config
