"""Every handler that is measured in the loop, as its service puts it together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from benchmarks.loop import counting
from benchmarks.loop.submissions import SUBMITTED
from services.analytics.entrypoints import consumer as analytics
from services.followup.bootstrap import policy
from services.followup.entrypoints import consumer as followup
from services.followup.settings import CheckInSettings
from services.intake.adapters.channels.registry import registered
from services.intake.bootstrap import consumed as consumed_by_intake
from services.intake.settings import Settings as IntakeSettings
from services.routing.application.commands.put_queue import put_queue
from services.routing.entrypoints import consumer as routing
from shared.contracts.routing import QueueChanged, QueueTopic
from shared.database.database import Tx
from shared.kernel.clock import SystemClock
from shared.messaging.consumer.subscription import Subscription

CLOCK = SystemClock()
QUEUE = QueueChanged(
    queue_id="general",
    name="General",
    topics=(QueueTopic(topic="*"),),
    languages=(),
    skills={},
    service_target_seconds=300,
    offer_timeout_seconds=30,
    rank=100,
)


@dataclass(frozen=True)
class Workload:
    """A subscription, made on demand; `prepare` is done once in the new database."""

    subscription: Callable[[], Subscription]
    prepare: Callable[[Tx], Awaitable[object]] | None = None


def _intake() -> Subscription:
    nowhere = {"dsn": "postgresql://nowhere"}
    auth = {"issuer": "nobody", "jwks": "nothing"}
    settings = IntakeSettings.model_validate(
        {
            "database": nowhere,
            "kafka": {"bootstrap": "nowhere:0"},
            "auth": auth,
            "attachments": {"url": "s3://nowhere"},
        }
    )
    channels = registered(settings, CLOCK)
    inbox = next(
        each for each in consumed_by_intake(settings, channels, CLOCK) if each.name == "inbox"
    )
    return replace(inbox, topics=(SUBMITTED,))


def _routing() -> Subscription:
    return routing.subscriptions(CLOCK)[0]


def _followup() -> Subscription:
    return followup.subscriptions(policy(CheckInSettings()), CLOCK)[0]


async def _one_queue(tx: Tx) -> None:
    await put_queue(tx, QUEUE, CLOCK.now())


WORKLOADS = {
    "counter": Workload(lambda: counting.SUBSCRIPTION),
    "intake": Workload(_intake),
    "routing": Workload(_routing, _one_queue),
    "followup": Workload(_followup),
    "analytics": Workload(lambda: analytics.subscriptions(CLOCK)[0]),
}
