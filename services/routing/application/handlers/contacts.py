"""What is heard from intake and followup: load the contacts, apply the rules, save the contacts."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from services.routing.adapters import store_contacts, store_history, store_queues, wakeups
from services.routing.adapters.store_history import Settlement
from services.routing.application.change import save
from services.routing.domain.contact import Contact
from services.routing.domain.hearing import RULES, Scene
from shared.contracts.cloudevents import Incoming, Outgoing, caused_by
from shared.contracts.event import Event
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
    MessageReceived,
    MessageSent,
)
from shared.database.database import Tx
from shared.kernel.clock import Clock


class Hear:
    """The handler of everything routing listens to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, tx: Tx, heard: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
        await _keep(tx, heard)
        ruled = [each for each in heard if type(each.data) in RULES]
        if not ruled:
            return ()
        known = await store_contacts.lock(tx, {_contact_id(each) for each in ruled})
        queues = {queue.queue_id: queue for queue in await store_queues.all_queues(tx)}
        scene = Scene(queues, self._clock.now())
        changed, told = fold(known, ruled, scene)
        await save(tx, list(changed.values()), scene.now)
        await wakeups.ring(tx, (wakeups.desk(agent_id) for agent_id in _holders(known)))
        return told


def fold(
    known: dict[UUID, Contact], heard: Iterable[Incoming[Any]], scene: Scene
) -> tuple[dict[UUID, Contact], list[Outgoing]]:
    """Apply each event's rule to its contact, in order: the contacts that changed, and what is told."""
    changed: dict[UUID, Contact] = {}
    told: list[Outgoing] = []
    for each in heard:
        contact_id = _contact_id(each)
        contact = changed.get(contact_id, known.get(contact_id))
        step = RULES[type(each.data)](contact, each, scene)
        if step is not None:
            changed[contact_id], events = step
            told += caused_by(each, *events)
    return changed, told


def _holders(known: dict[UUID, Contact]) -> Iterable[str]:
    """The agents whose desks show these contacts."""
    return (contact.offer.agent_id for contact in known.values() if contact.offer)


async def _keep(tx: Tx, heard: Sequence[Incoming[Event]]) -> None:
    """What is worth keeping whatever state the contact is in; order between topics plays no part."""
    facts = [each.data for each in heard]
    await store_history.write(
        tx, [fact for fact in facts if isinstance(fact, ContactReceived | MessageReceived)]
    )
    await store_history.deliver(
        tx, [fact for fact in facts if isinstance(fact, MessageSent | MessageFailed)]
    )
    await store_history.settle(tx, [fact for fact in facts if isinstance(fact, Settlement)])
    await store_history.identify(
        tx,
        [(each.data, each.seq or 0) for each in heard if isinstance(each.data, CustomerIdentified)],
    )


def _contact_id(heard: Incoming[Any]) -> UUID:
    contact_id: UUID = heard.data.contact_id
    return contact_id
