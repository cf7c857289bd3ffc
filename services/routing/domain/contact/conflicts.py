"""Why a step does not fit how an offer stands, and which step does: for whoever took them in another order."""

from collections.abc import Mapping
from typing import Final

from services.routing.domain.contact.model import Contact, OfferState
from shared.kernel.errors import Conflict

_ACCEPT_FIRST: Final = "the offer is open: accept it first, POST /v1/offers/{offer_id}/accept"
NEXT: Final[Mapping[tuple[OfferState, OfferState], str]] = {
    (OfferState.OPEN, OfferState.ACCEPTED): _ACCEPT_FIRST,
    (OfferState.OPEN, OfferState.WRAPPING): _ACCEPT_FIRST,
    (OfferState.ACCEPTED, OfferState.OPEN): (
        "the offer is accepted: the contact is yours to work on, GET /v1/contacts/{contact_id}"
    ),
    (OfferState.ACCEPTED, OfferState.WRAPPING): (
        "the contact is not resolved: claim that it is first, POST /v1/contacts/{contact_id}/resolve"
    ),
    (OfferState.WRAPPING, OfferState.OPEN): (
        "the offer was accepted and the contact is resolved: GET /v1/contacts/{contact_id} shows it"
    ),
    (OfferState.WRAPPING, OfferState.ACCEPTED): (
        "the contact is resolved and in wrap-up: all that is left to do is to end that,"
        " POST /v1/contacts/{contact_id}/wrap-up"
    ),
}
"""By the state that an offer is in and the one that a step takes."""


def conflict(contact: Contact, wanted: OfferState) -> Conflict:
    """What to raise where the contact has no offer in the state that a step takes."""
    offer = contact.offer
    if offer is None:
        text = f"the contact is {contact.state}: nobody is working on it"
        return Conflict(text, reason=str(contact.state))
    text = NEXT.get((offer.state, wanted), f"the offer is {offer.state}")
    detail = text.format(offer_id=offer.offer_id, contact_id=contact.contact_id)
    return Conflict(detail, reason=str(offer.state))
