"""Whole histories of contacts, event by event, as the four services publish them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import followup as f
from shared.contracts import intake as i
from shared.contracts import routing as r
from shared.contracts.cloudevents import Outgoing, encode, numbered, source_of
from shared.contracts.event import Event, topic_of
from shared.contracts.record import EVENT_HEADERS
from shared.contracts.values import AuthorityKind, Channel, MessageKind, Need
from shared.kernel.ids import new_id, stable_id
from shared.messaging.kafka import Message

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CUSTOMERS, AGENTS, WRITES_AGAIN = 1_000, 200, 4
LANGUAGES, QUEUES = ("en", "de", "mn", "te"), ("billing", "delivery", "care")
TEXT = (
    "I was charged twice for my order last Friday. Please look into it and refund the second. " * 3
)
NEED = Need(kind=AuthorityKind.REFUND, amount=1_999, currency="EUR")
SECOND = timedelta(seconds=1)


def histories(contacts: int) -> dict[str, list[Message]]:
    """By topic, the records of so many contacts, each a few minutes from its start to its end."""
    topics: dict[str, list[Message]] = {}
    for number in range(contacts):
        for seq, event in enumerate(history(number), 1):
            source = source_of(topic_of(event).producers[0])
            encoded = encode(Outgoing(event), source, START)
            value = numbered(encoded.value, seq)
            message = Message(encoded.subject.encode(), value, EVENT_HEADERS)
            topics.setdefault(encoded.topic, []).append(message)
    return topics


def history(number: int) -> Iterator[Event]:
    """Received, promised, offered, worked on, claimed, asked about, confirmed."""
    contact, at = _Contact(number), START + number * SECOND
    yield from contact.comes_in(at)
    yield from contact.is_worked_on(at + 60 * SECOND)
    yield from contact.is_asked_about(at + 900 * SECOND)


class _Contact:
    """One contact's ids, and the events about it."""

    def __init__(self, number: int) -> None:
        self.number, self.id = number, new_id()
        self.customer_id = stable_id("benchmarks", str(number % CUSTOMERS))
        self.agent_id, self.queue_id = f"agent-{number % AGENTS}", QUEUES[number % len(QUEUES)]
        self.language = LANGUAGES[number % len(LANGUAGES)]
        self.promise_id, self.offer_id = new_id(), new_id()
        self.resolution_id, self.check_in_id = new_id(), new_id()

    def comes_in(self, at: datetime) -> Iterator[Event]:
        if self.number < CUSTOMERS:
            yield i.CustomerIdentified(
                customer_id=self.customer_id,
                language=self.language,
                time_zone="Europe/Berlin",
                value_tier="standard",
                personal=i.CustomerPersonal(name="Ada Example"),
            )
        yield self._received(at)
        yield self._sent(MessageKind.ACKNOWLEDGEMENT, at + SECOND)
        yield r.ContactQueued(
            contact_id=self.id,
            queue_id=self.queue_id,
            reason=r.QueuedReason.RECEIVED,
            priority=5,
            rule="the topic billing",
            queued_at=at + SECOND,
            service_target_seconds=300,
            need=NEED,
        )
        if self.number % WRITES_AGAIN == 0:
            yield i.MessageReceived(
                contact_id=self.id,
                message_id=new_id(),
                channel=Channel.EMAIL,
                received_at=at + 30 * SECOND,
                personal=i.MessagePersonal(text=TEXT, subject="Charged twice"),
            )

    def is_worked_on(self, at: datetime) -> Iterator[Event]:
        mine: dict[str, Any] = {"contact_id": self.id, "agent_id": self.agent_id}
        yield r.OfferMade(
            **mine,
            offer_id=self.offer_id,
            queue_id=self.queue_id,
            made_at=at,
            expires_at=at + 30 * SECOND,
            candidates=(r.Candidate(agent_id=self.agent_id),),
            passed_over={r.PassedOver.PRESENCE: 12, r.PassedOver.SKILL: 40},
        )
        yield r.AssignmentStarted(
            **mine,
            assignment_id=self.offer_id,
            queue_id=self.queue_id,
            channel=Channel.EMAIL,
            started_at=at + 5 * SECOND,
        )
        yield r.MessageRequested(
            **mine,
            message_id=new_id(),
            kind=MessageKind.REPLY,
            requested_at=at + 60 * SECOND,
            personal=r.MessagePersonal(text=TEXT, subject="Re: Charged twice"),
        )
        yield self._sent(MessageKind.REPLY, at + 61 * SECOND)
        yield i.PromiseSettled(
            contact_id=self.id,
            promise_id=self.promise_id,
            outcome=i.PromiseOutcome.KEPT,
            due_at=at + 300 * SECOND,
            settled_at=at + 61 * SECOND,
        )
        yield r.ActionTaken(
            **mine,
            action_id=new_id(),
            kind=NEED.kind,
            amount=NEED.amount,
            currency=NEED.currency,
            limit=5_000,
            taken_at=at + 90 * SECOND,
        )
        yield r.ResolutionClaimed(
            **mine,
            resolution_id=self.resolution_id,
            customer_id=self.customer_id,
            queue_id=self.queue_id,
            outcome=r.ResolutionOutcome.SOLVED,
            number=1,
            assignments=1,
            claimed_at=at + 120 * SECOND,
        )
        yield r.AssignmentEnded(
            **mine,
            assignment_id=self.offer_id,
            outcome=r.AssignmentOutcome.RESOLVED,
            worked_seconds=115.0,
            wrap_up_seconds=20.0,
            ended_at=at + 140 * SECOND,
        )

    def is_asked_about(self, at: datetime) -> Iterator[Event]:
        ours: dict[str, Any] = {
            "contact_id": self.id,
            "check_in_id": self.check_in_id,
            "resolution_id": self.resolution_id,
        }
        yield f.CheckInScheduled(**ours, due_at=at)
        yield f.CheckInSent(**ours, message_id=new_id(), sent_at=at, closes_at=at + 86_400 * SECOND)
        yield self._sent(MessageKind.CHECK_IN, at + SECOND)
        yield f.CheckInAnswered(
            **ours,
            agent_id=self.agent_id,
            solved=True,
            answered_at=at + 600 * SECOND,
            personal=f.AnswerPersonal(comment="Thank you, it is solved."),
            csat=5,
        )
        yield f.ResolutionConfirmed(
            contact_id=self.id,
            resolution_id=self.resolution_id,
            agent_id=self.agent_id,
            settled_at=at + 600 * SECOND,
        )

    def _received(self, at: datetime) -> Event:
        return i.ContactReceived(
            contact_id=self.id,
            customer_id=self.customer_id,
            message_id=new_id(),
            channel=Channel.EMAIL,
            topic=self.queue_id,
            language=self.language,
            time_zone="Europe/Berlin",
            value_tier="standard",
            priority=5,
            received_at=at,
            personal=i.MessagePersonal(text=TEXT, subject="Charged twice", name="Ada Example"),
            queue_id=self.queue_id,
            need=NEED,
            promise=i.PromiseMade(
                promise_id=self.promise_id,
                due_at=at + 300 * SECOND,
                basis=i.PromiseBasis.TARGET,
            ),
        )

    def _sent(self, kind: MessageKind, at: datetime) -> Event:
        return i.MessageSent(contact_id=self.id, message_id=new_id(), kind=kind, sent_at=at)
