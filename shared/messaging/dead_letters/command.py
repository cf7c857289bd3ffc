"""Dead letters for the operator: list them, read them, replay them."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from shared.contracts.cloudevents import glimpse
from shared.contracts.record import REPLAYS, Record
from shared.contracts.topics import dead_letters_of
from shared.kernel.errors import Unavailable
from shared.kernel.listing import listing
from shared.messaging.dead_letters.letter import DETAIL, LEFT, MARKS, ORIGIN, REASON
from shared.messaging.kafka import Message, Producer, partition_of, read_all
from shared.settings import KafkaSettings

MOST_DIGITS = 19
NOTHING = "No dead letters."
NONE_CHOSEN = "No such dead letters."


class HasKafka(Protocol):
    """Any settings with a broker in them."""

    @property
    def kafka(self) -> KafkaSettings: ...


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as it is shown: what it was and why it is here, nothing of what it says.

    `bytes` of its value, or of all of the record where that was left at its origin.
    """

    offset: int
    at: datetime
    reason: str
    detail: str
    origin: str
    type: str
    replays: int
    bytes: int


async def list_dead_letters(service: str, kafka: KafkaSettings) -> list[tuple[Listed, Record]]:
    """All dead letters the service's topic still keeps, oldest first. Raises `Unavailable`."""
    records = await read_all(kafka, dead_letters_of(service).name)
    return [(_listed(record), record) for record in records]


async def replay(kafka: KafkaSettings, records: Sequence[Record]) -> int:
    """Put the records back where they came from, with the same key, value and event id; how many.

    Every reader of that topic sees them again; who has taken the event before passes over it.
    What was left at its origin is there already, and passed over.
    """
    whole = [record for record in records if not _left(record)]
    async with Producer(kafka) as producer:
        for record in whole:
            topic = _header(record, ORIGIN).rsplit("/", 2)[0]
            partition = partition_of(record.key or b"", await producer.partitions(topic))
            await producer.write(topic, partition, [_again(record)])
    return len(whole)


async def dead_letters_command(service: str, settings: HasKafka, asked: argparse.Namespace) -> int:
    """`list [--limit N] [--json] [--show]`, or `replay --offset N | --reason R | --all`."""
    try:
        letters = await list_dead_letters(service, settings.kafka)
        if asked.action == "replay":
            return await _replay_chosen(settings.kafka, letters, asked)
    except Unavailable as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    lines = [_line(*letter, asked) for letter in letters[-asked.limit :]]
    # Of JSON a program reads every line, so there a person is told beside it.
    out = sys.stderr if asked.json and not lines else sys.stdout
    out.write(listing(lines, nothing=NOTHING) + "\n")
    return 0


def dead_letters_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="what could not be taken, and why")
    listing.add_argument("--limit", type=int, default=50, help="the newest N (default 50)")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.add_argument("--show", action="store_true", help="with the value: personal data")
    replaying = actions.add_parser("replay", help="put them back where they came from")
    which = replaying.add_mutually_exclusive_group(required=True)
    which.add_argument("--offset", type=int, help="the one at this offset")
    which.add_argument("--reason", help="all of this reason")
    which.add_argument("--all", action="store_true", help="all that the topic keeps")


async def _replay_chosen(
    kafka: KafkaSettings, letters: Sequence[tuple[Listed, Record]], asked: argparse.Namespace
) -> int:
    chosen = [record for listed, record in letters if _chosen(listed, asked)]
    replayed = await replay(kafka, chosen)
    left = len(chosen) - replayed
    said = f"{replayed} replayed" + f"; {left} too large, at their origin alone" * bool(left)
    none = NONE_CHOSEN if letters else NOTHING
    sys.stdout.write(f"{said if chosen else none}\n")
    return 0 if chosen or asked.all else 1


def _chosen(listed: Listed, asked: argparse.Namespace) -> bool:
    return bool(asked.all or listed.offset == asked.offset or listed.reason == asked.reason)


def _listed(record: Record) -> Listed:
    return Listed(
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=_header(record, REASON),
        detail=_header(record, DETAIL),
        origin=_header(record, ORIGIN),
        type=glimpse(record.headers, record.value).type,
        replays=_replays(record),
        bytes=_left(record) or len(record.value or b""),
    )


def _line(listed: Listed, record: Record, asked: argparse.Namespace) -> str:
    value = (record.value or b"").decode(errors="replace")
    if asked.json:
        shown = msgspec.to_builtins(listed) | ({"value": value} if asked.show else {})
        return msgspec.json.encode(shown).decode()
    columns = (listed.offset, listed.at.isoformat(), listed.reason, listed.origin, listed.type)
    return "  ".join([*map(str, columns), listed.detail, *([value] if asked.show else [])])


def _again(record: Record) -> Message:
    kept = [(name, content) for name, content in record.headers if name not in MARKS | {REPLAYS}]
    replays = (REPLAYS, str(_replays(record) + 1).encode())
    return Message(record.key, record.value, [*kept, replays])


def _replays(record: Record) -> int:
    return _number(record, REPLAYS)


def _left(record: Record) -> int:
    return _number(record, LEFT)


def _number(record: Record, name: str) -> int:
    text = _header(record, name)
    return int(text) if text.isdecimal() and len(text) < MOST_DIGITS else 0


def _header(record: Record, name: str) -> str:
    return (dict(record.headers).get(name) or b"").decode(errors="replace")
