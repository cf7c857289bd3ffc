"""What became of a claimed resolution. The first outcome is the last; kept whatever state the contact is in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted


class ResolutionState(StrEnum):
    """How a claim is settled."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNREFUTED = "unrefuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The outcome of one claim."""

    resolution_id: UUID
    settled: ResolutionState
    settled_at: datetime


def confirmed(
    known: Settlement | None, event: Incoming[ResolutionConfirmed], _scene: None
) -> Decision[Settlement | None] | None:
    """The customer says that it is solved."""
    return _settle(known, event.data, ResolutionState.CONFIRMED)


def refuted(
    known: Settlement | None, event: Incoming[ResolutionRefuted], _scene: None
) -> Decision[Settlement | None] | None:
    """The customer says that it is not."""
    return _settle(known, event.data, ResolutionState.REFUTED)


def unrefuted(
    known: Settlement | None, event: Incoming[ResolutionUnrefuted], _scene: None
) -> Decision[Settlement | None] | None:
    """The customer was asked and kept silent."""
    return _settle(known, event.data, ResolutionState.UNREFUTED)


def _settle(
    known: Settlement | None,
    event: ResolutionConfirmed | ResolutionRefuted | ResolutionUnrefuted,
    settled: ResolutionState,
) -> Decision[Settlement | None] | None:
    if known is not None:
        return None
    return Decision(
        Settlement(resolution_id=event.resolution_id, settled=settled, settled_at=event.settled_at)
    )
