"""What became of check-ins, as numbers for operators."""

from collections.abc import Iterable

from shared.contracts.cloudevents import Outgoing
from shared.contracts.event import Event
from shared.contracts.followup import (
    CheckInAnswered,
    CheckInScheduled,
    CheckInSent,
    CheckInSkipped,
    ResolutionUnrefuted,
)
from shared.database.database import once_committed
from shared.observability import metrics

OUTCOMES: dict[type[Event], str] = {
    CheckInScheduled: "planned",
    CheckInSent: "sent",
    CheckInAnswered: "answered",
    ResolutionUnrefuted: "unanswered",
    CheckInSkipped: "dropped",
}


def count_outcomes(events: Iterable[Outgoing]) -> None:
    """Count the check-ins that these events are about, once they are committed."""
    for outgoing in events:
        outcome = OUTCOMES.get(type(outgoing.data))
        if outcome:
            once_committed(metrics.check_ins.labels(outcome=outcome).inc)
