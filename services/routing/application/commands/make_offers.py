"""One pass of the dispatcher: load who waits and who is there, match, make the offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.adapters.db import contacts, matching
from services.routing.application import signals
from services.routing.application.contact_changes import events_of
from services.routing.domain.contact import lifecycle
from services.routing.domain.contact.model import Contact
from services.routing.domain.matching.agent_pool import AgentPool
from services.routing.domain.matching.feasibility import feasible
from services.routing.domain.matching.match import place_all
from services.routing.domain.matching.model import Placement, Waiting
from shared.contracts.decision import Decision
from shared.database.database import Tx, once_committed
from shared.jobs.signals import notify
from shared.kernel.clock import Clock
from shared.kernel.ids import new_id
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics, span_names, tracing
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
    groups = await matching.begin_pass(tx)
    if not groups:
        return (), ()
    pool = AgentPool(await matching.find_agents(tx, now.date()), now)
    waiting = await matching.find_waiting(
        tx, feasible(groups, pool), now, per_group=limits.per_group, limit=limits.in_all
    )
    if not waiting:
        return (), ()
    with tracing.span(span_names.DECIDE, count=len(waiting)):
        return waiting, place_all(waiting, pool, now)


async def _decide(tx: Tx, placements: Sequence[Placement], clock: Clock) -> list[Decision[Contact]]:
    """The offers of those placements whose contact still waits and whose slot is still there.

    They are made when both are ours, after whoever had them before let go, and not when the pass began.
    """
    locked = await contacts.lock_waiting(tx, (p.contact_id for p in placements))
    wanted = [(p, locked[p.contact_id]) for p in placements if p.contact_id in locked]
    slots = [(p.agent_id, found.contact.channel, p.slot) for p, found in wanted]
    there = await matching.lock_slots(tx, slots) if slots else set()
    both = [pair for pair, slot in zip(wanted, slots, strict=True) if slot in there]
    now = clock.now()
    for placement, found in both:
        since = max(placement.free_since, found.waiting_since)
        once_committed(metrics.time_to_offer.observe, max(0.0, (now - since).total_seconds()))
    return [
        lifecycle.offer(found.contact, placement, new_id(), now, found.offer_timeout)
        for placement, found in both
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
