"""A small model of the life of a contact: what happens to it, as the events about it."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

from shared.contracts import followup, intake, routing
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event, topic_of, type_of
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import PromiseBasis, PromiseMade, PromiseOutcome
from shared.contracts.record import Origin
from shared.contracts.routing import (
    AssignmentOutcome,
    QueuedReason,
    RefusedReason,
    ResolutionOutcome,
)
from shared.contracts.values import AuthorityKind, Channel, MessageKind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
E = TypeVar("E", bound=Event)


class Life:
    """Writes down what happens to one contact. Every verb appends events; time passes by `later`.

    The same seed gives the same ids.
    """

    def __init__(self, seed: int = 0, start: datetime = NOON) -> None:
        self._random = Random(seed)
        self._claims = self._turns = 0
        self.contact_id, self.now = self._new(), start
        self.events: list[Event] = []

    def later(self, seconds: float) -> "Life":
        self.now += timedelta(seconds=seconds)
        return self

    def add(self, event_type: type[E], /, **fields: Any) -> E:
        """Append an event; ids of the contact, agent and queue are filled in."""
        known = {"contact_id": self.contact_id, "agent_id": "ana", "queue_id": "billing"}
        usual = {name: known[name] for name in known if name in event_type.__struct_fields__}
        event = event_type(**(usual | fields))
        self.events.append(event)
        return event

    def received(self, channel: Channel = Channel.EMAIL, *, automatic: bool = False) -> UUID:
        """Returns the id of the promise that was made (to people only)."""
        due_at, promise_id = self.now + timedelta(minutes=5), self._new()
        promise = PromiseMade(promise_id=promise_id, due_at=due_at, basis=PromiseBasis.TARGET)
        self.add(
            intake.ContactReceived,
            customer_id=self._new(),
            message_id=self._new(),
            channel=channel,
            topic="billing",
            language="en",
            time_zone="UTC",
            value_tier="standard",
            priority=5,
            received_at=self.now,
            personal=intake.MessagePersonal(text="hello"),
            promise=None if automatic else promise,
            automatic=automatic,
        )
        return promise_id

    def promise(self, promise_id: UUID, outcome: PromiseOutcome) -> None:
        settled = {"outcome": outcome, "due_at": self.now, "settled_at": self.now}
        self.add(intake.PromiseSettled, promise_id=promise_id, **settled)

    def queued(
        self,
        queue_id: str = "billing",
        reason: QueuedReason = QueuedReason.RECEIVED,
        target: int = 60,
    ) -> None:
        self.add(
            routing.ContactQueued,
            queue_id=queue_id,
            reason=reason,
            priority=5,
            rule="topic billing",
            queued_at=self.now,
            service_target_seconds=target,
        )

    def assigned(self) -> UUID:
        self._turns += 1
        assignment = {"assignment_id": self._new(), "started_at": self.now}
        return self.add(
            routing.AssignmentStarted, channel=Channel.EMAIL, **assignment
        ).assignment_id

    def ended(self, assignment_id: UUID, outcome: AssignmentOutcome) -> None:
        worked = {"worked_seconds": 1.0, "wrap_up_seconds": 1.0, "ended_at": self.now}
        self.add(routing.AssignmentEnded, assignment_id=assignment_id, outcome=outcome, **worked)

    def reply(self, kind: MessageKind = MessageKind.REPLY) -> UUID:
        personal = routing.MessagePersonal(text="hello")
        asked = {"message_id": self._new(), "requested_at": self.now, "personal": personal}
        return self.add(routing.MessageRequested, kind=kind, **asked).message_id

    def sent(self, message_id: UUID, kind: MessageKind = MessageKind.REPLY) -> None:
        self.add(intake.MessageSent, message_id=message_id, kind=kind, sent_at=self.now)

    def failed(self, message_id: UUID) -> None:
        failed = {"failed_at": self.now, "reason": "refused"}
        self.add(intake.MessageFailed, message_id=message_id, kind=MessageKind.REPLY, **failed)

    def action(self, amount: int, limit: int = 5_000, currency: str = "EUR") -> None:
        spent = {"amount": amount, "currency": currency, "limit": limit, "taken_at": self.now}
        self.add(routing.ActionTaken, action_id=self._new(), kind=AuthorityKind.REFUND, **spent)

    def refused(self) -> None:
        asked = {"kind": AuthorityKind.REFUND, "amount": 10**6, "currency": "EUR"}
        why = {"reason": RefusedReason.OVER_LIMIT, "refused_at": self.now}
        self.add(routing.ActionRefused, **asked, **why)

    def claimed(self) -> UUID:
        self._claims += 1
        return self.add(
            routing.ResolutionClaimed,
            resolution_id=self._new(),
            customer_id=self._new(),
            outcome=ResolutionOutcome.SOLVED,
            number=self._claims,
            assignments=self._turns,
            claimed_at=self.now,
        ).resolution_id

    def check_in_scheduled(self, resolution_id: UUID) -> None:
        ids = {"resolution_id": resolution_id, "check_in_id": self._new()}
        self.add(followup.CheckInScheduled, due_at=self.now, **ids)

    def check_in_sent(self, resolution_id: UUID) -> None:
        ids = {
            "resolution_id": resolution_id,
            "check_in_id": self._new(),
            "message_id": self._new(),
        }
        window = {"sent_at": self.now, "closes_at": self.now + timedelta(days=3)}
        self.add(followup.CheckInSent, **ids, **window)

    def check_in_skipped(self, resolution_id: UUID, reason: SkippedReason) -> None:
        ids = {"resolution_id": resolution_id, "check_in_id": self._new()}
        self.add(followup.CheckInSkipped, reason=reason, skipped_at=self.now, **ids)

    def answered(self, resolution_id: UUID, *, solved: bool, csat: int | None = None) -> None:
        ids = {"resolution_id": resolution_id, "check_in_id": self._new()}
        answer = {"solved": solved, "csat": csat, "personal": followup.AnswerPersonal()}
        self.add(followup.CheckInAnswered, answered_at=self.now, **ids, **answer)
        (self.confirmed if solved else self.refuted)(resolution_id)

    def confirmed(self, resolution_id: UUID) -> None:
        self._settled(followup.ResolutionConfirmed, resolution_id)

    def refuted(self, resolution_id: UUID) -> None:
        self._settled(followup.ResolutionRefuted, resolution_id)

    def unrefuted(self, resolution_id: UUID) -> None:
        self._settled(followup.ResolutionUnrefuted, resolution_id)

    def _settled(self, outcome: type[Event], resolution_id: UUID) -> None:
        self.add(outcome, resolution_id=resolution_id, settled_at=self.now)

    def incoming(self) -> list[Incoming[Event]]:
        """The events as a consumer is handed them, each with an id of its own."""
        return [self._incoming(number, event) for number, event in enumerate(self.events)]

    def _incoming(self, number: int, event: Event) -> Incoming[Event]:
        return Incoming(
            id=UUID(int=(self.contact_id.int + number) % 2**128),
            type=type_of(event),
            source="rapport/test",
            subject=str(self.contact_id),
            time=NOON + timedelta(seconds=number),
            data=event,
            origin=Origin(topic_of(event).name, 0, number),
        )

    def _new(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


CHANNELS = (
    Channel.PHONE,
    Channel.EMAIL,
    Channel.CHAT,
    Channel.SMS,
    Channel.WHATSAPP,
    Channel.SOCIAL,
    Channel.WEB,
    Channel.API,
)


def whole_life(seed: int, start: datetime = NOON) -> Life:
    """A contact to which everything happens, received within three hours from `start`."""
    life = Life(seed, start + timedelta(minutes=seed % 180))
    promise_id = life.received(CHANNELS[seed % len(CHANNELS)])
    life.later(1).queued(("billing", "orders")[seed % 2])
    assignment_id = life.later(seed % 90).assigned()
    life.later(20).sent(life.reply())
    life.action(100 + seed)
    life.ended(assignment_id, AssignmentOutcome.RESOLVED)
    resolution_id = life.claimed()
    life.check_in_sent(resolution_id)
    life.later(3_600).answered(resolution_id, solved=seed % 3 != 0, csat=1 + seed % 5)
    life.promise(promise_id, PromiseOutcome.KEPT)
    return life
