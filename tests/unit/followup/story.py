"""One contact's story as the other services publish it; every verb gives one event."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from services.followup.domain.check_ins.decisions import Scene
from services.followup.domain.check_ins.model import Contact
from services.followup.entrypoints.consumer import CONTACT_HANDLERS
from shared.contracts import intake
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event, subject_of, topic_of, type_of
from shared.contracts.intake import (
    ContactExpired,
    ContactReceived,
    CustomerIdentified,
    CustomerPersonal,
    MessageFailed,
    MessageReceived,
)
from shared.contracts.record import Origin
from shared.contracts.routing import (
    ContactQueued,
    ContactReviewed,
    QueuedReason,
    ResolutionClaimed,
    ResolutionOutcome,
    ReviewVerdict,
)
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, MessageKind
from shared.kernel.ids import new_id, stable_id
from shared.messaging.consumer.handlers import decide_in_order

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TRACE = TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b")
_numbers = count(1)


class Story:
    """A contact that was received at noon; times are given in seconds after that."""

    def __init__(self, contact_id: UUID | None = None) -> None:
        self.contact_id = contact_id or new_id()
        self.customer_id = new_id()

    def identified(self, name: str = "Anna Weber") -> Incoming[Event]:
        return consumed(
            CustomerIdentified(
                customer_id=self.customer_id,
                language="en",
                time_zone="UTC",
                value_tier="standard",
                personal=CustomerPersonal(name=name),
            )
        )

    def received(
        self,
        *,
        language: str = "en",
        time_zone: str = "UTC",
        automatic: bool = False,
        trace: TraceContext | None = TRACE,
    ) -> Incoming[Event]:
        event = ContactReceived(
            contact_id=self.contact_id,
            customer_id=self.customer_id,
            message_id=new_id(),
            channel=Channel.EMAIL,
            topic="billing",
            language=language,
            time_zone=time_zone,
            value_tier="standard",
            priority=5,
            received_at=NOON,
            personal=intake.MessagePersonal(text="hello"),
            automatic=automatic,
        )
        return consumed(event, trace)

    def wrote_again(self, at: float, *, automatic: bool = False) -> Incoming[Event]:
        return consumed(
            MessageReceived(
                contact_id=self.contact_id,
                message_id=new_id(),
                channel=Channel.EMAIL,
                received_at=after(at),
                personal=intake.MessagePersonal(text="and another thing"),
                automatic=automatic,
            )
        )

    def queued(self, at: float, reason: QueuedReason = QueuedReason.REOPENED) -> Incoming[Event]:
        return consumed(
            ContactQueued(
                contact_id=self.contact_id,
                queue_id="billing",
                reason=reason,
                priority=5,
                rule="topic billing",
                queued_at=after(at),
                service_target_seconds=60,
            )
        )

    def reviewed(self, at: float, verdict: ReviewVerdict, number: int = 1) -> Incoming[Event]:
        return consumed(
            ContactReviewed(
                contact_id=self.contact_id,
                resolution_id=self.resolution_id(number),
                agent_id="ana",
                verdict=verdict,
                reviewed_at=after(at),
            )
        )

    def claimed(self, at: float, number: int = 1) -> Incoming[Event]:
        return consumed(
            ResolutionClaimed(
                contact_id=self.contact_id,
                resolution_id=self.resolution_id(number),
                customer_id=self.customer_id,
                agent_id="ana",
                queue_id="billing",
                outcome=ResolutionOutcome.SOLVED,
                number=number,
                assignments=1,
                claimed_at=after(at),
            ),
            TRACE,
        )

    def failed(self, message_id: UUID) -> Incoming[Event]:
        return consumed(
            MessageFailed(
                contact_id=self.contact_id,
                message_id=message_id,
                kind=MessageKind.CHECK_IN,
                failed_at=after(0),
                reason="refused",
            )
        )

    def expired(self) -> Incoming[Event]:
        return consumed(ContactExpired(contact_id=self.contact_id, expired_at=NOON))

    def resolution_id(self, number: int = 1) -> UUID:
        return stable_id("resolution", str(self.contact_id), str(number))


def after(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def after_events(
    contact: Contact, events: Iterable[Incoming[Event]], scene: Scene
) -> tuple[Contact, list[Event]]:
    """The contact after these events, one after the other, and all that is published."""
    wanted = [(contact.contact_id, one) for one in events if type(one.data) in CONTACT_HANDLERS]
    changed, outgoing = decide_in_order(
        CONTACT_HANDLERS, {contact.contact_id: contact}, wanted, scene
    )
    return changed.get(contact.contact_id, contact), [one.data for one in outgoing]


def consumed(event: Event, trace: TraceContext | None = None) -> Incoming[Event]:
    """The event as a consumer hands it over."""
    return Incoming(
        id=new_id(),
        type=type_of(event),
        source="rapport/test",
        subject=subject_of(event),
        time=NOON,
        data=event,
        origin=Origin(topic_of(event).name, 0, next(_numbers)),
        trace=trace,
    )
