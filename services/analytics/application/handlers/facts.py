"""Apply a batch of events: load the facts they are about, project, save, move the sums by the difference."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.analytics.adapters import store
from services.analytics.domain.facts import NOTHING, Fact, merge
from services.analytics.domain.projections.table import contact_of, project
from services.analytics.domain.rollups import Sums, add_change
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Tx


async def apply_events(tx: Tx, batch: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
    """Make the batch's events count, in one transaction; the order of events does not matter."""
    known = _known(batch)
    new = await store.insert_new(tx, known)
    before = await store.lock(tx, known.keys() - new)
    after = {contact_id: merge(fact, known[contact_id]) for contact_id, fact in before.items()}
    await store.save(tx, after)
    sums: Sums = {}
    for contact_id in known:
        add_change(sums, before.get(contact_id, NOTHING), after.get(contact_id, known[contact_id]))
    await store.add(tx, sums)
    await store.advance_watermarks(tx, _newest(batch))
    return ()


def _known(batch: Iterable[Incoming[Event]]) -> dict[UUID, Fact]:
    """What the batch alone makes known of each contact."""
    known: dict[UUID, Fact] = {}
    for incoming in batch:
        contact_id = contact_of(incoming.data)
        known[contact_id] = project(known.get(contact_id, NOTHING), incoming.data, incoming.id)
    return known


def _newest(batch: Iterable[Incoming[Event]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for incoming in batch:
        topic = incoming.origin.topic
        newest[topic] = max(newest.get(topic, incoming.time), incoming.time)
    return newest
