"""What followup does with what it hears from the other services."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.followup.adapters import store
from services.followup.application.counting import count
from services.followup.domain.decisions import hear, is_news
from services.followup.domain.model import CheckIn, Contact, Scheduled, Sent
from services.followup.domain.policy import Policy
from shared.contracts.cloudevents import Incoming, Outgoing, caused_by
from shared.contracts.event import Event, subject_of
from shared.contracts.intake import CustomerIdentified
from shared.database.database import Tx
from shared.kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Hearing:
    """Takes batches of events; called by the consumer with the transaction they belong to."""

    policy: Policy
    clock: Clock

    async def __call__(self, tx: Tx, heard: Sequence[Incoming[Event]]) -> list[Outgoing]:
        names = {
            one.data.customer_id: one.data.personal.name
            for one in heard
            if isinstance(one.data, CustomerIdentified)
        }
        if names:
            await store.know_customers(tx, names)
        news = [one for one in heard if is_news(one.data)]
        return await self._learn(tx, news) if news else []

    async def _learn(self, tx: Tx, news: Sequence[Incoming[Event]]) -> list[Outgoing]:
        before = await store.lock_contacts(tx, (_contact_of(one) for one in news))
        after, outgoing = dict(before), list[Outgoing]()
        now = self.clock.now()
        for one in news:
            contact_id = _contact_of(one)
            after[contact_id], decisions = hear(after[contact_id], one, self.policy, now)
            outgoing += [told for made in decisions for told in caused_by(one, *made.events)]
        await _save(tx, before, after)
        count(outgoing)
        return outgoing


async def _save(tx: Tx, before: Mapping[UUID, Contact], after: Mapping[UUID, Contact]) -> None:
    changed = [contact for key, contact in after.items() if contact != before[key]]
    check_ins = [
        new for contact in changed for new in _changed(before[contact.contact_id], contact)
    ]
    await store.save_contacts(tx, changed)
    await store.save_check_ins(tx, check_ins)
    due = [at for one in check_ins if (at := _due(one))]
    if due:
        await store.announce(tx, min(due))


def _changed(before: Contact, after: Contact) -> list[CheckIn]:
    known = set(before.check_ins)
    return [check_in for check_in in after.check_ins if check_in not in known]


def _due(check_in: CheckIn) -> datetime | None:
    """When the timers have to look at it."""
    match check_in.state:
        case Scheduled(due_at=due) | Sent(closes_at=due) if not check_in.aftermath.word_owed:
            return due
    return None


def _contact_of(one: Incoming[Event]) -> UUID:
    return UUID(subject_of(one.data))
