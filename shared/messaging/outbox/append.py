"""The outbox: what a transaction publishes is a row of that same transaction.

`append` gives each event the next number of its aggregate (`seq`, without gaps) under the lock of the
aggregate's row in `stream`. A row's `xid` is the highest transaction id the aggregate has seen, not
simply its writer's: a transaction may begin to write early and publish late, and (xid,
position) must rise with `seq` all the same, because that is the order in which the relay reads.

A row's value is the event as it will stand on the topic, to the last byte: the relay changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, repeat

from shared.contracts.cloudevents import Encoded, Outgoing, encode
from shared.contracts.event import subject_of
from shared.contracts.topics import BY_NAME
from shared.database.database import Tx
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Invalid
from shared.observability import tracing

HEADROOM = 4_096
"""More bytes than a record's key, headers and frame ever take."""

_CLOCK = SystemClock()

# The subjects come in one order from everybody, so that nobody waits in a circle.
NUMBER = """
insert into stream (subject, seq, xid)
select subject, events, pg_current_xact_id() from unnest($1::text[], $2::bigint[]) as given (subject, events)
on conflict (subject) do update
  set seq = stream.seq + excluded.seq, xid = greatest(stream.xid, excluded.xid)
returning subject, seq, xid
"""
COLUMNS = ("xid", "event_id", *Encoded._fields)


async def append(tx: Tx, source: str, outgoing: Sequence[Outgoing]) -> None:
    """Publish these events of `source` when `tx` commits, in this order per aggregate. Two statements.

    Raises `Invalid` for an event that is larger than its topic takes.
    """
    if not outgoing:
        return
    now, here = _CLOCK.now(), tracing.current()
    subjects = [subject_of(event.data) for event in outgoing]
    numbers = await _numbers(tx, Counter(subjects))
    rows = []
    for event, subject in zip(outgoing, subjects, strict=True):
        xid, seq = next(numbers[subject])
        rows.append((xid, event.id, *_fitting(encode(event, source, seq, now, here))))
    await tx.copy_records_to_table("outbox", columns=COLUMNS, records=rows)


async def _numbers(tx: Tx, events: Counter[str]) -> dict[str, Iterator[tuple[int, int]]]:
    """For each aggregate its xid and, one after the other, the numbers of its events."""
    subjects = sorted(events)
    rows = await tx.fetch(NUMBER, subjects, [events[subject] for subject in subjects])
    return {
        subject: zip(repeat(xid), count(last - events[subject] + 1)) for subject, last, xid in rows
    }


def _fitting(event: Encoded) -> Encoded:
    if len(event.value) + HEADROOM > BY_NAME[event.topic].max_message_bytes:
        raise Invalid(f"the event is larger than {event.topic} takes")
    return event
