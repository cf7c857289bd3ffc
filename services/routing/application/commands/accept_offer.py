"""An agent's answer to an offer: accept or decline."""

from datetime import datetime
from uuid import UUID

from services.routing.adapters import store_agents, store_contacts, store_history
from services.routing.application.change import save_and_tell
from services.routing.application.closing import close_offer
from services.routing.domain import life
from services.routing.domain.contact import Contact, OfferState
from services.routing.domain.declining import Pauses
from shared.contracts.routing import OfferOutcome
from shared.database.database import Tx
from shared.kernel.errors import Conflict, Missing


async def accept(tx: Tx, agent_id: str, offer_id: UUID, now: datetime) -> Contact:
    """Take the offered contact. Raises `Missing`, or `Conflict` when it is too late."""
    contact = await _offered(tx, agent_id, offer_id)
    told = life.accept(contact, now)
    await save_and_tell(tx, [told], now)
    await store_agents.answered(tx, agent_id)
    return told[0]


async def decline(
    tx: Tx, agent_id: str, offer_id: UUID, why: str, now: datetime, *, pauses: Pauses = Pauses()
) -> Contact:
    """Leave the offered contact to somebody else, who may read why. Raises as `accept` does."""
    contact = await _offered(tx, agent_id, offer_id)
    told = await close_offer(tx, contact, OfferOutcome.DECLINED, now, pauses)
    await save_and_tell(tx, [told], now)
    await store_history.note(tx, contact.contact_id, agent_id, why, now)
    await store_agents.answered(tx, agent_id)
    return told[0]


async def _offered(tx: Tx, agent_id: str, offer_id: UUID) -> Contact:
    """The contact of this agent's open offer, locked."""
    offer = await store_contacts.offer_to(tx, offer_id, agent_id)
    if offer is None:
        raise Missing("there is no such offer")
    contact = (await store_contacts.lock(tx, [offer.contact_id]))[offer.contact_id]
    if contact.offer is not None and contact.offer.offer_id == offer_id:
        life.live(contact, OfferState.OPEN)
        return contact
    ended = await store_contacts.offer_to(tx, offer_id, agent_id)
    state = ended.state if ended else "gone"
    raise Conflict(f"the offer is {state}", reason=str(state))
