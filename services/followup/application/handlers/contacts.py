"""What other services' events change about contacts and their check-ins."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.followup.adapters.db import check_ins, contacts
from services.followup.application.next_due import notify_due
from services.followup.application.outcomes import count_outcomes
from services.followup.domain.check_ins.decisions import Scene, is_relevant
from services.followup.domain.check_ins.model import CheckIn, Contact
from services.followup.domain.check_ins.policy import Policy
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, subject_of
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import Handlers, decide_in_order
from shared.observability import metrics


class ContactHandler:
    """Processes the events of a batch that are about contacts."""

    def __init__(self, table: Handlers[Contact, Scene], policy: Policy, clock: Clock) -> None:
        self._table, self._policy, self._clock = table, policy, clock

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(_contact_of(event), event) for event in events if is_relevant(event.data)]
        if not keyed:
            return []
        before = await contacts.lock(tx, (contact_id for contact_id, _ in keyed))
        scene = Scene(self._policy, self._clock.now())
        after, outgoing = decide_in_order(self._table, before, keyed, scene)
        await contacts.save(tx, (each for each in after.values() if not each.expired))
        await contacts.delete(tx, [key for key, each in (before | after).items() if each.expired])
        changed = _changed_check_ins(before, after)
        await check_ins.save(tx, changed)
        await notify_due(tx, changed, scene.now)
        count_outcomes(outgoing)
        _count_expired(after.values())
        return outgoing


def _count_expired(changed: Iterable[Contact]) -> None:
    expired = sum(contact.expired for contact in changed)
    once_committed(metrics.retention_deleted.labels("contact").inc, expired)


def _changed_check_ins(
    before: Mapping[UUID, Contact], after: Mapping[UUID, Contact]
) -> list[CheckIn]:
    return [
        check_in
        for contact_id, contact in after.items()
        for check_in in contact.check_ins
        if check_in not in before[contact_id].check_ins
    ]


def _contact_of(event: Incoming[Event]) -> UUID:
    return UUID(subject_of(event.data))
