"""What other services' events change about contacts."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.routing.adapters.db import contacts, queues
from services.routing.application import signals
from services.routing.application.contact_changes import save_contacts
from services.routing.domain.contact.decisions import Scene
from services.routing.domain.contact.model import Contact
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.intake import ContactExpired
from shared.database.database import Tx, once_committed
from shared.jobs.signals import notify
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import Handlers, decide_in_order
from shared.observability import metrics
from shared.observability.logging import get_logger

log = get_logger(__name__)


class ContactHandler:
    """Processes the events of a batch that change contacts."""

    def __init__(self, table: Handlers[Contact | None, Scene], clock: Clock) -> None:
        self._table, self._clock = table, clock

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        keyed = [(_contact_of(event), event) for event in events]
        known = await contacts.lock(tx, {contact_id for contact_id, _ in keyed})
        scene = Scene(
            {queue.queue_id: queue for queue in await queues.find_all(tx)}, self._clock.now()
        )
        states = {contact_id: known.get(contact_id) for contact_id, _ in keyed}
        changed, outgoing = decide_in_order(self._table, states, keyed, scene)
        await save_contacts(tx, [each for each in changed.values() if each], scene.now)
        await _delete(tx, [key for key, each in changed.items() if each is None])
        expired = {key for key, event in keyed if isinstance(event.data, ContactExpired)}
        once_committed(_warn_of_kept, len(expired - changed.keys()))
        await notify(tx, map(signals.desk, _holders(known.values())))
        return outgoing


async def _delete(tx: Tx, gone: Sequence[UUID]) -> None:
    await contacts.delete(tx, gone)
    once_committed(metrics.retention_deleted.labels("contact").inc, len(gone))


def _warn_of_kept(count: int) -> None:
    if count:
        log.warning("expired contacts still wait or are with an agent, and are kept", count=count)


def _holders(known: Iterable[Contact]) -> Iterable[str]:
    """The agents whose desks show these contacts."""
    return (contact.offer.agent_id for contact in known if contact.offer)


def _contact_of(event: Incoming[Any]) -> UUID:
    contact_id: UUID = event.data.contact_id
    return contact_id
