"""What ends by itself: offers nobody answered, offers to agents who left, wrap-ups that are over."""

from collections.abc import Sequence
from datetime import datetime

from services.routing.adapters import store_agents, store_contacts, store_due
from services.routing.application.change import save_and_tell
from services.routing.application.closing import close_offer
from services.routing.application.presence import change_presence
from services.routing.domain import life
from services.routing.domain.contact import Contact, Offer, OfferState, Told
from services.routing.domain.declining import Pauses
from shared.contracts.routing import OfferOutcome, Presence
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.observability import metrics, names, tracing


async def end_what_is_due(
    tx: Tx, clock: Clock, *, expiries_until_away: int, limit: int, pauses: Pauses = Pauses()
) -> int:
    """End up to `limit` of them, and say how many there were; what is locked is left for later."""
    now = clock.now()
    due = await store_due.due(tx, now, limit)
    if not due:
        return 0
    contacts = await store_contacts.lock(tx, due, wait=False)
    away = await store_due.not_ready(tx, due)
    ended = [await _end(tx, contact, away, now, pauses) for contact in contacts.values()]
    ends = [told for told in ended if told is not None]
    traces = [contact.trace for contact, _ in ends]
    with tracing.batch_spans(names.TIMER, names.ACT, traces, timer="offer", count=len(ends)):
        await save_and_tell(tx, ends, now)
        await _send_away(tx, [contact for contact, _ in ends], now, expiries_until_away)
    for contact, _ in ends:
        once_committed(_measure, contacts[contact.contact_id].offer, now)
    return len(ends)


def _measure(offer: Offer | None, now: datetime) -> None:
    """How late the end came, if it was time that ended it."""
    if offer is None:
        return
    wrapping = offer.state is OfferState.WRAPPING
    timer, due = ("wrap_up", offer.wrap_up_ends_at) if wrapping else ("offer", offer.expires_at)
    if due is not None and due <= now:
        metrics.timer_lateness.labels(timer).observe((now - due).total_seconds())


async def _end(
    tx: Tx, contact: Contact, away: set[str], now: datetime, pauses: Pauses
) -> Told | None:
    """The end of the contact's live offer, if its time has come."""
    offer = contact.offer
    if offer is None:
        return None
    if offer.state is OfferState.WRAPPING and _past(offer.wrap_up_ends_at, now):
        return life.end_wrap_up(contact, now)
    if offer.state is not OfferState.OPEN:
        return None
    if _past(offer.expires_at, now):
        return await close_offer(tx, contact, OfferOutcome.EXPIRED, now, pauses)
    if offer.agent_id in away:
        return await close_offer(tx, contact, OfferOutcome.WITHDRAWN, now, pauses)
    return None


async def _send_away(tx: Tx, ended: Sequence[Contact], now: datetime, limit: int) -> None:
    """Who let too many offers expire in a row is not there: offers should go to others."""
    offers = [contact.offer for contact in ended if contact.offer is not None]
    silent = [offer.agent_id for offer in offers if _expired(offer)]
    for agent_id, missed in (await store_agents.missed(tx, silent)).items():
        if missed >= limit:
            await change_presence(tx, agent_id, Presence.AWAY, now)


def _expired(offer: Offer) -> bool:
    return offer.state is OfferState.EXPIRED


def _past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
