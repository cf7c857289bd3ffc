"""What each event of intake makes known of its contact."""

from uuid import UUID

from services.analytics.domain.facts import NOTHING, Ending, Fact, Received
from services.analytics.domain.projections.projection import projection
from shared.contracts.intake import ContactReceived, MessageFailed, MessageSent, PromiseSettled
from shared.contracts.values import MessageKind


@projection
def contact_received(event: ContactReceived, _: UUID) -> Fact:
    """When and where the contact began, and what it was promised."""
    promised = frozenset({event.promise.promise_id}) if event.promise else frozenset()
    received = Received(event.received_at, event.channel.value, event.automatic)
    return Fact(received=received, promised=promised)


@projection
def promise_settled(event: PromiseSettled, _: UUID) -> Fact:
    """How a promise ended."""
    return Fact(promises={event.promise_id: Ending(event.settled_at, event.outcome.value)})


@projection
def message_sent(event: MessageSent, _: UUID) -> Fact:
    """A reply that its provider took over."""
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies_sent={event.message_id: event.sent_at}) if is_reply else NOTHING


@projection
def message_failed(event: MessageFailed, _: UUID) -> Fact:
    """A reply that will not be delivered."""
    is_reply = event.kind is MessageKind.REPLY
    return Fact(replies_failed=frozenset({event.message_id})) if is_reply else NOTHING
