"""What is kept of messages, claims and customers: the first word on a message or claim, the newest on a customer."""

from typing import TypeVar

import pytest

from services.routing.domain.contact.messages import Message, MessageState, received, requested
from services.routing.domain.contact.settlements import ResolutionState
from services.routing.entrypoints.consumer import (
    CONTACT_HANDLERS,
    CUSTOMER_HANDLERS,
    HANDLERS,
    MESSAGE_HANDLERS,
    RESOLUTION_HANDLERS,
)
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event, subject_of, type_of
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted
from shared.contracts.intake import (
    ContactExpired,
    CustomerIdentified,
    CustomerPersonal,
    MessageFailed,
    MessagePersonal,
    MessageReceived,
    MessageSent,
)
from shared.contracts.record import Origin
from shared.contracts.routing import MessagePersonal as WrittenPersonal
from shared.contracts.routing import MessageRequested
from shared.contracts.values import Channel, MessageKind
from shared.kernel.ids import new_id
from shared.messaging.consumer.handlers import decide_in_order, types_in
from tests.support.clock import NOON

E = TypeVar("E", bound=Event)


def incoming(event: E, seq: int = 1) -> Incoming[E]:
    return Incoming(
        id=new_id(),
        type=type_of(event),
        source="rapport/tests",
        subject=subject_of(event),
        time=NOON,
        data=event,
        origin=Origin("test", 0, 0),
        seq=seq,
    )


def test_the_first_outcome_of_a_message_is_the_last() -> None:
    head = {"contact_id": new_id(), "message_id": new_id(), "kind": MessageKind.REPLY}
    sent = MessageSent(**head, sent_at=NOON)  # type: ignore[arg-type]  # its head is given twice
    failed = MessageFailed(**head, failed_at=NOON, reason="full")  # type: ignore[arg-type]
    key = sent.message_id
    for events, state in (
        ((sent, failed), MessageState.SENT),
        ((failed, sent), MessageState.FAILED),
    ):
        keyed = [(key, incoming(event)) for event in events]
        changed, outgoing = decide_in_order(MESSAGE_HANDLERS, {key: None}, keyed, None)
        message = changed[key]
        assert message is not None
        assert (message.state, message.inbound, outgoing) == (state, False, [])


def test_what_a_customer_wrote_is_kept_as_it_came_first() -> None:
    def written(text: str) -> Incoming[MessageReceived]:
        return incoming(
            MessageReceived(
                contact_id=new_id(),
                message_id=new_id(),
                channel=Channel.EMAIL,
                received_at=NOON,
                personal=MessagePersonal(text=text, subject="Help", name="Ada"),
            )
        )

    decision = received(None, written("first"), None)
    assert decision is not None
    message = decision.state
    assert message is not None
    assert (message.body, message.subject, message.name) == ("first", "Help", "Ada")
    assert message.inbound
    assert received(message, written("second"), None) is None


def test_a_reply_is_kept_as_requested_by_its_agent() -> None:
    written = MessageRequested(
        contact_id=new_id(),
        message_id=new_id(),
        kind=MessageKind.REPLY,
        requested_at=NOON,
        personal=WrittenPersonal(text="Gladly"),
        agent_id="ann",
    )
    assert requested(written) == Message(
        message_id=written.message_id,
        contact_id=written.contact_id,
        written_at=NOON,
        state=MessageState.REQUESTED,
        kind=MessageKind.REPLY,
        agent_id="ann",
        body="Gladly",
    )


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((ResolutionConfirmed, ResolutionRefuted), ResolutionState.CONFIRMED),
        ((ResolutionRefuted, ResolutionConfirmed), ResolutionState.REFUTED),
    ],
    ids=["confirmed first", "refuted first"],
)
def test_a_claim_is_settled_once(kinds: tuple[type[Event], ...], state: ResolutionState) -> None:
    key = new_id()
    head = {"contact_id": new_id(), "resolution_id": key, "agent_id": "ann", "settled_at": NOON}
    keyed = [(key, incoming(kind(**head))) for kind in kinds]
    changed, _ = decide_in_order(RESOLUTION_HANDLERS, {key: None}, keyed, None)
    settlement = changed[key]
    assert settlement is not None
    assert settlement.settled is state


def test_the_newest_name_of_a_customer_stays_in_whatever_order_it_comes() -> None:
    key = new_id()

    def named(name: str, seq: int) -> Incoming[CustomerIdentified]:
        return incoming(
            CustomerIdentified(
                customer_id=key,
                language="en",
                time_zone="Europe/Berlin",
                value_tier="standard",
                personal=CustomerPersonal(name=name),
            ),
            seq,
        )

    for events in ([named("Ada", 1), named("Ada L.", 2)], [named("Ada L.", 2), named("Ada", 1)]):
        keyed = [(key, event) for event in events]
        changed, _ = decide_in_order(CUSTOMER_HANDLERS, {key: None}, keyed, None)
        customer = changed[key]
        assert customer is not None
        assert (customer.name, customer.seq) == ("Ada L.", 2)


def test_what_settles_or_reopens_a_contact_is_also_kept_in_its_history() -> None:
    kept = {*MESSAGE_HANDLERS, *RESOLUTION_HANDLERS}
    assert set(CONTACT_HANDLERS) - kept == {ContactExpired}
    assert kept | {*CUSTOMER_HANDLERS, ContactExpired} == types_in(*HANDLERS)
