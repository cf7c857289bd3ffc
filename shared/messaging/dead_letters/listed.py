"""The dead letters of a service as its topic has them: each once, and how often it was replayed."""

from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from shared.contracts.cloudevents import glimpse
from shared.contracts.record import REPLAYS, Record
from shared.contracts.topics import dead_letters_of
from shared.messaging.dead_letters.letter import DETAIL, LEFT, ORIGIN, REASON, REPLAY_OF
from shared.messaging.kafka import read_all
from shared.settings import KafkaSettings

MOST_DIGITS = 19


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as it is shown: what it was and why it is here, nothing of what it says.

    `replays` counts those that its record came from, and those of the letter itself; it `waits` until
    it is replayed. `bytes` of its value, or of all of the record where that was left at its origin.
    """

    offset: int
    at: datetime
    waits: bool
    reason: str
    detail: str
    origin: str
    type: str
    replays: int
    bytes: int
    left: bool


class Letter(NamedTuple):
    """A dead letter: what is shown of it, and its record."""

    listed: Listed
    record: Record


async def list_dead_letters(service: str, kafka: KafkaSettings) -> list[Letter]:
    """All dead letters the service's topic still keeps, oldest first. Raises `Unavailable`.

    A letter is known by its origin: however often it was published, it is one.
    """
    records = await read_all(kafka, dead_letters_of(service).name)
    replays = Counter(header(record, REPLAY_OF) for record in records if not is_letter(record))
    letters: dict[str, Record] = {}
    for record in filter(is_letter, records):
        letters.setdefault(header(record, ORIGIN), record)
    return [Letter(_listed(record, replays[origin]), record) for origin, record in letters.items()]


def is_letter(record: Record) -> bool:
    """Whether it is a dead letter; if not, it notes that one was replayed."""
    return any(name == REASON for name, _ in record.headers)


def header(record: Record, name: str) -> str:
    """The text of a header, empty if it is not there."""
    return (dict(record.headers).get(name) or b"").decode(errors="replace")


def _listed(record: Record, replays: int) -> Listed:
    left = _number(record, LEFT)
    return Listed(
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        waits=not replays,
        reason=header(record, REASON),
        detail=header(record, DETAIL),
        origin=header(record, ORIGIN),
        type=glimpse(record.headers, record.value).type,
        replays=_number(record, REPLAYS) + replays,
        bytes=left or len(record.value or b""),
        left=left > 0,
    )


def _number(record: Record, name: str) -> int:
    text = header(record, name)
    return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else 0
