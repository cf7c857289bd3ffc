"""Contacts that everybody able declines, made known to operators."""

from collections.abc import Iterable

from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.contact.lifecycle import times_declined
from services.routing.domain.contact.model import Contact
from shared.contracts.decision import Decision
from shared.contracts.routing import ContactQueued
from shared.database.database import once_committed
from shared.observability.logging import get_logger

log = get_logger(__name__)


def log_if_nobody_is_left(decisions: Iterable[Decision[Contact]], pauses: Pauses) -> None:
    """Warn, once they are committed, of contacts with a pause that has become the longest."""
    for contact, events in decisions:
        overflow = next((each.queue_id for each in events if isinstance(each, ContactQueued)), None)
        if overflow or times_declined(contact) == pauses.until_longest:
            once_committed(_warn, contact, overflow)


def _warn(contact: Contact, overflow: str | None) -> None:
    log.warning(
        "a contact is declined by everybody who is asked",
        contact_id=str(contact.contact_id),
        queue=contact.offer and contact.offer.queue_id,
        overflow=overflow,
    )
