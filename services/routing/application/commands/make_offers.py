"""One pass of the dispatcher: load who waits and who is there, match, make the offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.adapters.db import contacts, matching, queues
from services.routing.application import signals
from services.routing.application.contact_changes import events_of
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact, ContactState
from services.routing.domain.matching.agent_pool import AgentPool
from services.routing.domain.matching.feasibility import feasible
from services.routing.domain.matching.match import place_all
from services.routing.domain.matching.model import Placement, Waiting
from shared.contracts.decision import Decision
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.jobs.signals import notify
from shared.kernel.clock import Clock
from shared.kernel.ids import new_id
from shared.messaging.outbox.use_case import Result
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


async def make_offers(tx: Tx, clock: Clock, limits: Limits = Limits()) -> Result[Pass]:
    """Offer whoever waits to whoever is free; nothing if another pass is being made now.

    What cannot be had any more, because somebody was quicker, is not offered in this pass.
    """
    if not await matching.lock_pass(tx):
        return Result(Pass())
    waiting, placements = await _match(tx, clock.now(), limits)
    if not placements:
        return Result(Pass())
    decisions = await _decide(tx, placements, clock)
    made = await _save_allowed(tx, decisions)
    await notify(tx, signals.of_contacts([decision.state for decision in made]))
    is_full = len(waiting) >= min(limits.per_group, limits.in_all) and bool(made)
    again = is_full or len(decisions) < len(placements)
    return Result(Pass(len(made), again), events_of(made))


async def _match(
    tx: Tx, now: datetime, limits: Limits
) -> tuple[Sequence[Waiting], Sequence[Placement]]:
    """Whom the pass looks at, and where they are placed."""
    groups = await matching.find_groups(tx)
    if not groups:
        return (), ()
    pool = AgentPool(await matching.find_agents(tx, now.date()), now)
    waiting = await matching.find_waiting(
        tx, feasible(groups, pool), now, per_group=limits.per_group, limit=limits.in_all
    )
    if not waiting:
        return (), ()
    with tracing.span(names.DECIDE, count=len(waiting)):
        return waiting, place_all(waiting, pool, now)


async def _decide(tx: Tx, placements: Sequence[Placement], clock: Clock) -> list[Decision[Contact]]:
    """The offers of those placements whose contact still waits and whose slot is still there.

    They are made when both are ours, after whoever had them before let go, and not when the pass began.
    """
    locked = await contacts.lock(tx, (p.contact_id for p in placements), wait=False)
    wanted = [p for p in placements if _still_waits(locked, p.contact_id)]
    slots = {p.contact_id: (p.agent_id, locked[p.contact_id].channel, p.slot) for p in wanted}
    there = await matching.lock_slots(tx, slots.values()) if slots else set()
    known = {queue.queue_id: queue for queue in await queues.find_all(tx)}
    now = clock.now()
    return [
        _offer(locked[p.contact_id], p, known, now) for p in wanted if slots[p.contact_id] in there
    ]


async def _save_allowed(tx: Tx, decisions: Sequence[Decision[Contact]]) -> list[Decision[Contact]]:
    """Those that were saved. What a constraint refuses is not offered, and does not hold up the others."""
    if not decisions or await contacts.save_if_allowed(tx, [made.state for made in decisions]):
        return list(decisions)
    if len(decisions) == 1:
        refused = decisions[0].state.contact_id
        log.error("an offer was refused by the database", contact_id=str(refused))
        return []
    half = len(decisions) // 2
    first = await _save_allowed(tx, decisions[:half])
    return first + await _save_allowed(tx, decisions[half:])


def _offer(
    contact: Contact, placement: Placement, known: Mapping[str, QueueChanged], now: datetime
) -> Decision[Contact]:
    timeout = timedelta(seconds=known[contact.queue_id or ""].offer_timeout_seconds)
    return lifecycle.offer(contact, placement, new_id(), now, timeout)


def _still_waits(locked: Mapping[UUID, Contact], contact_id: UUID) -> bool:
    contact = locked.get(contact_id)
    return contact is not None and contact.state is ContactState.WAITING
