"""Every handler that is measured in the loop, as its service puts it together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from benchmarks.loop import counting
from benchmarks.loop.submissions import SUBMITTED
from services.analytics.entrypoints.consumer import SUBSCRIPTIONS
from services.followup.application.hearing import Hearing as FollowupHearing
from services.followup.bootstrap import policy
from services.followup.entrypoints import consumer as followup
from services.followup.settings import CheckInSettings
from services.intake.adapters.language import LanguageDetector
from services.intake.application.accept import Accept
from services.intake.application.hearing import Hearing as IntakeHearing
from services.intake.bootstrap import current_centre
from services.intake.entrypoints import consumer as intake
from services.intake.settings import Settings as IntakeSettings
from services.routing.application.centre import put_queue
from services.routing.application.hear import Hear
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
        {"database": nowhere, "kafka": {"bootstrap": "nowhere:0"}, "auth": auth}
    )
    hearing = IntakeHearing(Accept(LanguageDetector()), current_centre(settings, CLOCK), CLOCK)
    subscription = next(each for each in intake.subscriptions(hearing) if each.name == "inbox")
    return replace(subscription, topics=(SUBMITTED,))


def _routing() -> Subscription:
    return routing.subscriptions(Hear(CLOCK))[0]


def _followup() -> Subscription:
    return followup.subscriptions(FollowupHearing(policy(CheckInSettings()), CLOCK))[0]


async def _one_queue(tx: Tx) -> None:
    await put_queue(tx, QUEUE, CLOCK.now())


WORKLOADS = {
    "counter": Workload(lambda: counting.SUBSCRIPTION),
    "intake": Workload(_intake),
    "routing": Workload(_routing, _one_queue),
    "followup": Workload(_followup),
    "analytics": Workload(lambda: SUBSCRIPTIONS[0]),
}
