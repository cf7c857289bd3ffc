"""What consumed events make known of contacts: projected, saved, and counted by the difference."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.analytics.adapters.db import facts, generations, rollups, watermarks
from services.analytics.domain.facts import NOTHING, Fact, merge
from services.analytics.domain.rollups import Sums, add_change
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, card_of
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import Handlers, decide_in_order
from shared.observability import metrics


class FactHandler:
    """Makes the events of a batch count, in one transaction; their order does not matter.

    The batch is projected over nothing before any fact is read, so that a contact that is new here
    costs one insert and is not looked for.
    """

    def __init__(self, table: Handlers[Fact, None], clock: Clock) -> None:
        self._table, self._clock = table, clock

    async def __call__(self, tx: Tx, events: Sequence[Incoming[Event]]) -> Sequence[Outgoing]:
        known = self.project(events)
        there = await generations.share(tx)
        new = await facts.insert_new(tx, known)
        before = await facts.lock(tx, known.keys() - new)
        after = {contact_id: merge(fact, known[contact_id]) for contact_id, fact in before.items()}
        await facts.save(tx, after)
        for generation, contact_ids in there.moved_by(known.keys()).items():
            await rollups.add(tx, generation, _changes(contact_ids, before, {**known, **after}))
        await watermarks.advance(tx, there.live, _newest(events))
        if there.live == there.current:
            changed = new | {each for each, fact in after.items() if fact != before[each]}
            self._measure(event for event in events if contact_of(event.data) in changed)
        return ()

    def project(self, events: Iterable[Incoming[Event]]) -> dict[UUID, Fact]:
        """What these events alone make known of each contact."""
        keyed = ((contact_of(event.data), event) for event in events)
        known, _ = decide_in_order(self._table, defaultdict(lambda: NOTHING), keyed, None)
        return known

    def _measure(self, events: Iterable[Incoming[Event]]) -> None:
        """How late these are counted. What changes nothing was read before, and a rebuild reads all again."""
        now = self._clock.now()
        once_committed(_show, [max(0.0, (now - event.time).total_seconds()) for event in events])


def _show(delays: Iterable[float]) -> None:
    for seconds in delays:
        metrics.figures_delay.observe(seconds)


def contact_of(event: Event) -> UUID:
    """The contact that a consumed event is about."""
    contact_id: UUID = getattr(event, card_of(type(event)).subject)
    return contact_id


def _changes(
    contact_ids: Iterable[UUID], before: Mapping[UUID, Fact], after: Mapping[UUID, Fact]
) -> Sums:
    """What has to be added where these contacts are counted."""
    sums: Sums = {}
    for contact_id in contact_ids:
        add_change(sums, before.get(contact_id, NOTHING), after[contact_id])
    return sums


def _newest(events: Iterable[Incoming[Event]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for event in events:
        topic = event.origin.topic
        newest[topic] = max(newest.get(topic, event.time), event.time)
    return newest
