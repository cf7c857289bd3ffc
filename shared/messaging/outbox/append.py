"""The outbox: what a transaction publishes is a row of that same transaction.

`append` gives each event the next number of its aggregate (`seq`, without gaps) under the lock of the
aggregate's row in `stream`. A row's `xid` is the highest transaction id the aggregate has seen, not
simply its writer's: a transaction may begin to write early and publish late, and (xid,
position) must rise with `seq` all the same, because that is the order in which the relay reads.

A row's value is the event as it will stand on the topic, to the last byte: the relay changes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from shared.contracts.cloudevents import Encoded, Outgoing, encode
from shared.contracts.topics import BY_NAME
from shared.database.database import Tx
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Invalid
from shared.observability import tracing

HEADROOM = 4_096
"""More bytes than a record's key, headers and frame ever take, and an event's number."""

_CLOCK = SystemClock()

# One round trip, since most transactions publish a few events. The subjects come in one order from
# everybody, so that nobody waits in a circle. What ends a value here is what `numbered` ends it with.
APPEND = """
with given as (
  select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
    with ordinality as given (event_id, later, topic, subject, type, traceparent, value, place)
), numbered as (
  insert into stream (subject, seq, xid)
  select subject, count(*), pg_current_xact_id() from given group by subject order by subject
  on conflict (subject) do update
    set seq = stream.seq + excluded.seq, xid = greatest(stream.xid, excluded.xid)
  returning subject, seq, xid
)
insert into outbox (xid, event_id, topic, key, type, traceparent, value)
select xid, event_id, topic, convert_to(subject, 'UTF8'), type, traceparent,
  value || (',"seq":' || seq - later || '}')::bytea
from given join numbered using (subject) order by place
"""


async def append(tx: Tx, source: str, outgoing: Sequence[Outgoing]) -> None:
    """Publish these events of `source` when `tx` commits, in this order per aggregate. One statement.

    Raises `Invalid` for an event that is larger than its topic takes.
    """
    if outgoing:
        now, here = _CLOCK.now(), tracing.current()
        encoded = [encode(event, source, now, here) for event in outgoing]
        await tx.execute(APPEND, *columns_of(outgoing, encoded))


def columns_of(outgoing: Sequence[Outgoing], encoded: Sequence[Encoded]) -> list[Sequence[object]]:
    """What `APPEND` takes. Raises `Invalid` for an event that is larger than its topic takes."""
    topics, subjects, types, traces, values = zip(*encoded, strict=True)
    for topic, value in zip(topics, values, strict=True):
        if len(value) + HEADROOM > BY_NAME[topic].max_message_bytes:
            raise Invalid(f"the event is larger than {topic} takes")
    ids, opened = [event.id for event in outgoing], [value[:-1] for value in values]
    return [ids, list(_later(subjects)), topics, subjects, types, traces, opened]


def _later(subjects: Sequence[str]) -> Iterator[int]:
    """For each place how many of the same subject come after it: so far is its number from the last."""
    left = Counter(subjects)
    for subject in subjects:
        left[subject] -= 1
        yield left[subject]
