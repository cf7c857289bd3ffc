"""The signals by which routing's processes wake each other: their names, and what sets which."""

from collections.abc import Iterator, Sequence
from typing import Final

from services.routing.domain.contact.model import Contact, ContactState, OfferState

DISPATCH: Final = "dispatch"
"""Somebody waits, or somebody has become free."""
DUE: Final = "due"
"""Something has a time now at which it ends by itself, or ends already because its agent left."""


def desk(agent_id: str) -> str:
    """The signal of one agent's desk: what it shows has changed."""
    return f"desk:{agent_id}"


def of_agent(agent_id: str) -> tuple[str, ...]:
    """What a change of an agent sets."""
    return (DISPATCH, DUE, desk(agent_id))


def of_contacts(contacts: Sequence[Contact]) -> Iterator[str]:
    """What a change of these contacts and their offers sets."""
    offers = [contact.offer for contact in contacts if contact.offer is not None]
    yield from (desk(offer.agent_id) for offer in offers)
    if any(contact.state is ContactState.WAITING for contact in contacts):
        yield DISPATCH
    if any(offer.slot is None for offer in offers):
        yield DISPATCH
    if any(offer.state in (OfferState.OPEN, OfferState.WRAPPING) for offer in offers):
        yield DUE
