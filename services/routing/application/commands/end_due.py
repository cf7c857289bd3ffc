"""What ends by itself: offers without an answer, offers to agents who left, wrap-ups that are over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.routing.adapters.db import agents, contacts, offers, queues
from services.routing.application.commands.set_presence import set_presence
from services.routing.application.contact_changes import save_decisions
from services.routing.application.overflow_warning import log_if_nobody_is_left
from services.routing.domain.agents.decline_pauses import Pauses
from services.routing.domain.agents.presence import unresponsive
from services.routing.domain.contact.lifecycle import end_if_due
from services.routing.domain.contact.model import Contact, Offer, OfferState
from shared.contracts.cloudevents import Outgoing
from shared.contracts.decision import Decision
from shared.contracts.routing import Presence
from shared.database.database import Tx, once_committed
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics, span_names, tracing


async def end_due(
    tx: Tx, now: datetime, *, expiries_until_away: int, max_count: int, pauses: Pauses = Pauses()
) -> Result[int]:
    """End up to `max_count` of them; how many there were. What is locked is left for later."""
    due = await offers.due_contacts(tx, now, max_count)
    if not due:
        return Result(0)
    locked = await contacts.lock(tx, due, wait=False)
    decisions = await _decide(tx, locked.values(), now, pauses)
    traces = [contact.trace for contact, _ in decisions]
    with tracing.batch_spans(
        span_names.TIMER, span_names.ACT, traces, timer="offer", count=len(decisions)
    ):
        events = await save_decisions(tx, decisions, now)
        events += await _send_away(tx, decisions, now, expiries_until_away)
    log_if_nobody_is_left(decisions, pauses)
    once_committed(_measure, locked, decisions, now)
    return Result(len(decisions), events)


async def _decide(
    tx: Tx, locked: Collection[Contact], now: datetime, pauses: Pauses
) -> list[Decision[Contact]]:
    """The ends of those live offers whose time has come."""
    away = await offers.agents_who_left(tx, [contact.contact_id for contact in locked])
    overflow = await queues.find_overflow(tx, (contact.queue_id or "" for contact in locked))
    decisions = (
        end_if_due(contact, away, overflow.get(contact.queue_id or ""), now, pauses)
        for contact in locked
    )
    return [decision for decision in decisions if decision is not None]


async def _send_away(
    tx: Tx, decisions: Sequence[Decision[Contact]], now: datetime, limit: int
) -> list[Outgoing]:
    """Those who let too many offers expire in a row are set away; what is to be published of it."""
    ended = [contact.offer for contact, _ in decisions if contact.offer is not None]
    expired = [offer.agent_id for offer in ended if offer.state is OfferState.EXPIRED]
    events: list[Outgoing] = []
    for agent_id in unresponsive(await agents.count_missed(tx, expired), limit):
        events += (await set_presence(tx, agent_id, Presence.AWAY, now)).events
    return events


def _measure(
    before: Mapping[UUID, Contact], decisions: Sequence[Decision[Contact]], now: datetime
) -> None:
    for contact, _ in decisions:
        if offer := before[contact.contact_id].offer:
            _measure_lateness(offer, now)


def _measure_lateness(offer: Offer, now: datetime) -> None:
    """How late the end came, if it was time that ended it."""
    is_wrap_up = offer.state is OfferState.WRAPPING
    timer, due = ("wrap_up", offer.wrap_up_ends_at) if is_wrap_up else ("offer", offer.expires_at)
    if due is not None and due <= now:
        metrics.timer_lateness.labels(timer).observe((now - due).total_seconds())
