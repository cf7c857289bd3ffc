"""One pass of the dispatcher: load who waits and who is there, match, make the offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.adapters import store_contacts, store_match, store_queues
from services.routing.adapters.rows import stands
from services.routing.application.change import save_and_tell
from services.routing.domain import life
from services.routing.domain.contact import Contact, ContactState, Told
from services.routing.domain.crowd import Crowd
from services.routing.domain.feasibility import feasible
from services.routing.domain.matching import Placement, place_all
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.kernel.ids import new_id
from shared.observability import names, tracing
from shared.observability.logging import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many contacts a pass looks at: of one match group, and in all."""

    per_group: int = 100
    in_all: int = 1_000


@dataclass(frozen=True, slots=True)
class Pass:
    """What came of a pass. `again`: more could be placed at once, so do not wait to be woken."""

    offered: int = 0
    again: bool = False


async def dispatch(tx: Tx, clock: Clock, limits: Limits) -> Pass:
    """Offer whoever waits to whoever is free; nothing if another pass is being made now.

    What cannot be had any more, because somebody was quicker, is not offered in this pass.
    """
    if not await store_match.only_one_pass(tx):
        return Pass()
    now = clock.now()
    groups = await store_match.groups(tx)
    if not groups:
        return Pass()
    crowd = Crowd(await store_match.agents(tx, now.date()), now)
    waiting = await store_match.waiting(
        tx, feasible(groups, crowd), now, per_group=limits.per_group, limit=limits.in_all
    )
    if not waiting:
        return Pass()
    with tracing.span(names.DECIDE, count=len(waiting)):
        placements = place_all(waiting, crowd, now)
    offers = await _offers(tx, placements, clock) if placements else []
    made = await _save_what_stands(tx, offers, clock.now())
    full = len(waiting) >= min(limits.per_group, limits.in_all) and bool(made)
    return Pass(made, again=full or len(offers) < len(placements))


async def _offers(tx: Tx, placements: Sequence[Placement], clock: Clock) -> list[Told]:
    """The offers of those placements whose contact still waits and whose slot is still there.

    They are made when both are ours, after whoever had them before let go, and not when the pass began.
    """
    contacts = await store_contacts.lock(tx, (p.contact_id for p in placements), wait=False)
    wanted = [p for p in placements if _still_waits(contacts, p.contact_id)]
    slots = {p.contact_id: (p.agent_id, contacts[p.contact_id].channel, p.slot) for p in wanted}
    there = await store_match.hold_slots(tx, slots.values()) if slots else set()
    queues = {queue.queue_id: queue for queue in await store_queues.all_queues(tx)}
    now = clock.now()
    return [
        _make(contacts[p.contact_id], p, queues, now)
        for p in wanted
        if slots[p.contact_id] in there
    ]


async def _save_what_stands(tx: Tx, offers: Sequence[Told], now: datetime) -> int:
    """How many were made. What a constraint refuses is not offered, and does not hold up the others."""
    if not offers or await stands(tx, lambda: save_and_tell(tx, offers, now)):
        return len(offers)
    if len(offers) == 1:
        contact, _ = offers[0]
        log.error("an offer was refused by the database", contact_id=str(contact.contact_id))
        return 0
    half = len(offers) // 2
    first = await _save_what_stands(tx, offers[:half], now)
    return first + await _save_what_stands(tx, offers[half:], now)


def _make(
    contact: Contact, placement: Placement, queues: dict[str, QueueChanged], now: datetime
) -> Told:
    timeout = timedelta(seconds=queues[contact.queue_id or ""].offer_timeout_seconds)
    return life.offer(contact, placement, new_id(), now, timeout)


def _still_waits(contacts: dict[UUID, Contact], contact_id: UUID) -> bool:
    contact = contacts.get(contact_id)
    return contact is not None and contact.state is ContactState.WAITING
