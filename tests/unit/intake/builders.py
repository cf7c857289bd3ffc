"""Arrivals, queues and centre configs, ready made; a test changes only what it is about."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.intake.adapters.channels.registry import registered
from services.intake.adapters.wording import Wordings
from services.intake.domain.address import ContactPoint, PointKind, phone_point
from services.intake.domain.arrival import Arrival
from services.intake.domain.centre_config import CentreConfig, Defaults
from services.intake.domain.channels import Channels
from services.intake.domain.delivery import Delivered, DeliveryOutcome, LeasedMessage
from services.intake.domain.promise import PromiseRule
from services.intake.domain.topic import TopicRule, TopicRules
from services.intake.settings import Settings
from shared.contracts.routing import Forecast, QueueChanged, QueueTopic
from shared.contracts.values import Channel
from shared.kernel.clock import SystemClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULE = PromiseRule(minimum=timedelta(minutes=1), default_target=timedelta(hours=4))
ZONES = {
    "de": "Europe/Berlin",
    "en": "Europe/London",
    "mn": "Asia/Ulaanbaatar",
    "te": "Asia/Kolkata",
}
DEFAULTS = Defaults(language="en", time_zones=ZONES, value_tier="standard", promise=RULE)
WORDINGS = Wordings("en")
SETTINGS = Settings.model_validate(
    {
        "database": {"dsn": "postgresql://nowhere"},
        "kafka": {"bootstrap": "nowhere:0"},
        "auth": {"issuer": "nobody", "jwks": "nothing"},
        "attachments": {"url": "s3://nowhere"},
    }
)
PORTS = registered(SETTINGS, SystemClock())
CHANNELS = Channels(PORTS)
point_of = CHANNELS.point_of


class SmsGateway:
    """A channel that delivers text messages: it keeps what it was given."""

    is_open = True

    def __init__(self, outcome: DeliveryOutcome | None = None) -> None:
        self.delivered: list[LeasedMessage] = []
        self.outcome = outcome or Delivered()

    def point_of(self, address: str) -> ContactPoint:
        return phone_point(address)

    def reaches(self, point: ContactPoint) -> bool:
        return point.kind is PointKind.PHONE

    async def deliver(self, message: LeasedMessage) -> DeliveryOutcome:
        self.delivered.append(message)
        return self.outcome

    async def close(self) -> None:
        """Nothing is open."""


def an_arrival(
    address: str = "asha@example.org", channel: Channel = Channel.EMAIL, **changes: Any
) -> Arrival:
    """A mail from Asha at noon; each is another one."""
    usual: dict[str, Any] = {
        "key": uuid4(),
        "digest": b"digest",
        "channel": channel,
        "sender": point_of(channel, address),
        "received_at": NOON,
        "text": "My parcel has not arrived, please help me.",
        "subject": "Parcel",
        "name": "Asha",
    }
    return Arrival(**(usual | changes))


def a_queue(queue_id: str = "billing", *topics: str | QueueTopic, **changes: Any) -> QueueChanged:
    """A queue that takes these topics (its own name, if none are given) within ten minutes."""
    taken = [each if isinstance(each, QueueTopic) else QueueTopic(topic=each) for each in topics]
    usual: dict[str, Any] = {
        "queue_id": queue_id,
        "name": queue_id.title(),
        "topics": tuple(taken) or (QueueTopic(topic=queue_id),),
        "languages": (),
        "skills": {},
        "service_target_seconds": 600,
        "offer_timeout_seconds": 30,
        "rank": 1,
    }
    return QueueChanged(**(usual | changes))


def a_forecast(p80: float, as_of: datetime = NOON, p50: float = 0) -> Forecast:
    """A wait of that many seconds, as of a time."""
    return Forecast(
        wait_seconds_p50=p50, wait_seconds_p80=p80, waiting=1, agents_ready=1, as_of=as_of
    )


def a_config(queues: Iterable[QueueChanged] = (), rules: Sequence[TopicRule] = ()) -> CentreConfig:
    """A centre with these queues and rules, and the usual defaults."""
    return CentreConfig(
        queues=queues,
        rules=TopicRules(rules),
        defaults=DEFAULTS,
        acknowledge=WORDINGS.acknowledgement,
        channels=CHANNELS,
    )
