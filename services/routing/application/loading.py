"""What the commands of agents load, locked until the transaction ends; or why they may not have it."""

from uuid import UUID

from services.routing.adapters.db import contacts, offers, queues
from services.routing.domain.contact.lifecycle import live
from services.routing.domain.contact.model import Contact, OfferState
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.kernel.errors import Conflict, Missing


async def lock_offered(tx: Tx, agent_id: str, offer_id: UUID) -> Contact:
    """The contact of this agent's open offer. Raises `Missing`, or `Conflict` when it is too late."""
    offer = await offers.find(tx, offer_id, agent_id)
    if offer is None:
        raise Missing("there is no such offer")
    contact = (await contacts.lock(tx, [offer.contact_id])).get(offer.contact_id)
    if contact is None:
        raise Missing("there is no such offer")
    if contact.offer is not None and contact.offer.offer_id == offer_id:
        live(contact, OfferState.OPEN)
        return contact
    ended = await offers.find(tx, offer_id, agent_id)
    state = ended.state if ended else "gone"
    raise Conflict(f"the offer is {state}", reason=str(state))


async def lock_assigned(tx: Tx, agent_id: str, contact_id: UUID) -> Contact:
    """The contact this agent works on. Raises as `lock_held` does, and `Conflict` in wrap-up."""
    contact = await lock_held(tx, agent_id, contact_id)
    live(contact, OfferState.ACCEPTED)
    return contact


async def lock_held(tx: Tx, agent_id: str, contact_id: UUID) -> Contact:
    """The contact, if its live offer is this agent's.

    Raises `Missing` for one that never was theirs, `Conflict` for one that is theirs no longer.
    """
    contact = (await contacts.lock(tx, [contact_id])).get(contact_id)
    if contact and contact.offer and contact.offer.agent_id == agent_id:
        return contact
    if contact and await offers.was_accepted(tx, contact_id, agent_id):
        raise Conflict("the contact is not with you any more", reason=str(contact.state))
    raise Missing("there is no such contact")


async def find_queue(tx: Tx, queue_id: str) -> QueueChanged:
    """The queue as it is now. Raises `Missing`."""
    queue = await queues.find(tx, queue_id)
    if queue is None:
        raise Missing(f"there is no queue {queue_id}")
    return queue
