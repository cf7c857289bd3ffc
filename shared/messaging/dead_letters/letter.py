"""A dead letter: a record that could not be processed, as it came, with the reason beside it.

One that is larger than the dead-letter topic takes, as a record can be that its publisher compressed
better than we do, stays where it came from: the letter says where, why and how large.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from shared.contracts.cloudevents import glimpse
from shared.contracts.record import Headers, Origin, Record
from shared.contracts.topics import dead_letters_of
from shared.contracts.trace_context import TraceContext, read_trace
from shared.database.database import Tx
from shared.messaging.outbox.append import HEADROOM
from shared.messaging.outbox.headers import pack

REASON, DETAIL, ORIGIN = "rapport-reason", "rapport-detail", "rapport-origin"
CONSUMER, LEFT = "rapport-consumer", "rapport-left-bytes"
REPLAY_OF = "rapport-replay-of"
"""The header of a note, between the letters, that the letter of this origin was replayed."""
MARKS = frozenset((REASON, DETAIL, ORIGIN, CONSUMER, LEFT, REPLAY_OF))
MAX_DETAIL = 500
MAX_BYTES = dead_letters_of("any").max_message_bytes - HEADROOM

ENQUEUE = """
insert into outbox (event_id, topic, key, traceparent, headers, value)
select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::bytea[])
"""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is the kind of failure, `detail` says more; neither holds personal data.

    `left` bytes are not in it but at its origin alone; 0 if it is whole.
    """

    reason: str
    detail: str
    origin: Origin
    key: bytes | None
    headers: Headers
    value: bytes | None
    left: int = 0
    trace: TraceContext | None = None

    @property
    def mark(self) -> UUID:
        """Its place in the inbox: a record becomes a dead letter once, however often it is read."""
        return self.origin.record_id


def dead_letter(record: Record, reason: str, detail: str) -> DeadLetter:
    """The record as it came, and why it could not be processed."""
    size, parent = _bytes(record), glimpse(record.headers, record.value).traceparent
    whole = size <= MAX_BYTES
    return DeadLetter(
        reason=reason,
        detail=detail[:MAX_DETAIL],
        origin=Origin(record.topic, record.partition, record.offset),
        key=record.key if whole else None,
        headers=tuple(record.headers) if whole else (),
        value=record.value if whole else None,
        left=0 if whole else size,
        trace=read_trace((parent,)) if parent else None,
    )


def _bytes(record: Record) -> int:
    around = sum(len(name.encode()) + len(content or b"") for name, content in record.headers)
    return around + len(record.key or b"") + len(record.value or b"")


async def enqueue_dead_letters(tx: Tx, service: str, letters: Sequence[DeadLetter]) -> None:
    """Send these to the service's dead-letter topic when `tx` commits. One statement."""
    if letters:
        await tx.execute(
            ENQUEUE,
            [letter.mark for letter in letters],
            [dead_letters_of(service).name] * len(letters),
            [letter.key for letter in letters],
            [letter.trace.parent if letter.trace else None for letter in letters],
            [pack(_headers(letter, service)) for letter in letters],
            [letter.value for letter in letters],
        )


def _headers(letter: DeadLetter, service: str) -> Headers:
    kept = [(name, content) for name, content in letter.headers if name not in MARKS]
    left = [(LEFT, b"%d" % letter.left)] if letter.left else []
    return [
        *kept,
        (REASON, letter.reason.encode()),
        (DETAIL, letter.detail.encode()),
        (ORIGIN, str(letter.origin).encode()),
        (CONSUMER, service.encode()),
        *left,
    ]
