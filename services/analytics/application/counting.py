"""Count a batch: load the facts it speaks of, let them grow, move the sums by the difference."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, cast
from uuid import UUID

from services.analytics.adapters import store
from services.analytics.domain.facts import NOTHING, Fact, merge
from services.analytics.domain.observing import observe
from services.analytics.domain.rollups import Sums, add_change
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Tx


class AboutContact(Protocol):
    """What every event that analytics hears has in common."""

    @property
    def contact_id(self) -> UUID: ...


async def count(tx: Tx, batch: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
    """Make the batch's events count, in one transaction; the order of events does not matter."""
    told = _told(batch)
    new = await store.insert_new(tx, told)
    before = await store.lock(tx, told.keys() - new)
    after = {contact_id: merge(fact, told[contact_id]) for contact_id, fact in before.items()}
    await store.save(tx, after)
    sums: Sums = {}
    for contact_id in told:
        add_change(sums, before.get(contact_id, NOTHING), after.get(contact_id, told[contact_id]))
    await store.add(tx, sums)
    await store.hear(tx, _newest(batch))
    return ()


def _told(batch: Iterable[Incoming[Event]]) -> dict[UUID, Fact]:
    """What the batch alone makes known of each contact."""
    told: dict[UUID, Fact] = {}
    for incoming in batch:
        contact_id = cast(AboutContact, incoming.data).contact_id
        told[contact_id] = merge(told.get(contact_id, NOTHING), observe(incoming.data, incoming.id))
    return told


def _newest(batch: Iterable[Incoming[Event]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for incoming in batch:
        topic = incoming.origin.topic
        newest[topic] = max(newest.get(topic, incoming.time), incoming.time)
    return newest
