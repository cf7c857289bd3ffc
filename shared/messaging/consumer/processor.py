"""One batch of records: decoded, then taken in one transaction, or one by one if that fails.

The path of a message: `take` → `_sort` (bytes to events) → `_together` (inbox, handler, outbox and
dead letters in one transaction) → committed. What fails in company is tried `_alone`; what fails
alone becomes a dead letter, or is tried again when the failure says that this can help. On a topic of
outsiders, what its publisher got wrong goes to the service's quarantine instead.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from opentelemetry.trace import SpanKind

from shared.contracts.cloudevents import (
    Incoming,
    Origin,
    Record,
    TraceContext,
    decode_wanted,
    payload_of,
)
from shared.contracts.event import Event, topic_of, type_of
from shared.database.database import Database, Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Denied, Failure, Invalid, Overloaded, Unavailable
from shared.messaging.consumer.inbox import first_time, repeats
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.dead_letters.letter import DeadLetter, bury, dead_letter
from shared.messaging.dead_letters.limit import DeadLetterLimit, TooManyDeadLetters
from shared.messaging.outbox.outbox import append
from shared.observability import metrics, names
from shared.observability.logging import get_logger
from shared.observability.tracing import Value, batch_spans

TRIES = 3
PAUSE_SECONDS = 0.1
GIVEN_BACK = (Unavailable, Overloaded, TooManyDeadLetters)
HOPELESS = (Invalid, Denied)
WRONG_TOPIC = "wrong topic"
PUBLISHERS_FAULT = frozenset((Invalid.kind, WRONG_TOPIC))

log = get_logger(__name__)


class Heard(NamedTuple):
    """An event, and the record it came in."""

    record: Record
    event: Incoming[Event]


Batch: TypeAlias = tuple[list[Heard], list[DeadLetter]]


class Processor:
    """Takes batches for one subscription of one service; knows nothing of Kafka."""

    def __init__(
        self,
        service: str,
        subscription: Subscription,
        database: Database,
        clock: Clock,
        limit: DeadLetterLimit,
    ) -> None:
        self._service = service
        self._subscription = subscription
        self._database = database
        self._clock = clock
        self._limit = limit

    async def take(self, records: Sequence[Record]) -> None:
        """Everything these records ask for is done and committed when this returns.

        Raises `Unavailable` or `Overloaded` if the same call may succeed later, and
        `TooManyDeadLetters`. Whatever was not committed by then has had no effect.
        """
        heard, letters = self._sort(records)
        if not heard and not letters:
            return
        metrics.consumer_batch_records.observe(len(heard) + len(letters))
        with metrics.consumer_batch_seconds.time():
            try:
                await self._together(heard, letters)
            except (Unavailable, Overloaded):
                raise
            except Exception as error:  # too many dead letters, too: who stops takes what it may
                log.warning("batch rolled back, now one by one", exc_info=error)
                metrics.consumer_retries.labels(_kind(error)).inc()
                await self._one_by_one(heard, letters)

    def _sort(self, records: Sequence[Record]) -> Batch:
        """Events that are wanted, and records that cannot be read; the others are passed over."""
        heard: list[Heard] = []
        letters: list[DeadLetter] = []
        for record in records:
            try:
                event = decode_wanted(record, self._subscription.wanted)
            except Invalid as error:
                letters.append(dead_letter(record, error.kind, error.detail))
                continue
            if event:
                heard.append(Heard(record, event))
            elif self._subscription.quarantine and (stray := _stray(record)):
                letters.append(stray)
            else:
                metrics.consumer_records.labels(record.topic, "unwanted").inc()
        return heard, letters

    async def _together(
        self, heard: Sequence[Heard], letters: Sequence[DeadLetter], *, tell: bool = True
    ) -> None:
        """All of it in one transaction. Whatever it raises, nothing of it has happened."""
        traces = [each.event.trace for each in heard]
        with batch_spans(
            names.CONSUME,
            names.PROCESS,
            traces,
            kind=SpanKind.CONSUMER,
            about=lambda place: _about(heard[place].event),
            count=len(heard),
        ) as contexts:
            async with self._database.transaction() as tx:
                new = await first_time(tx, self._marks(heard, letters))
                fresh = _first(heard, contexts, new)
                if fresh:
                    await append(tx, await self._subscription.handle(tx, fresh))
                if len(fresh) < len(heard):
                    await self._duplicates(tx, heard, fresh)
                aside = [letter for letter in letters if letter.mark in new]
                theirs, dead = self._sides(aside) if tell else ([], aside)
                await self._put_aside(tx, len(fresh), theirs, dead, tell=tell)
        self._limit.add(len(fresh), len(dead), self._clock.now())
        _count(heard, fresh, theirs, dead)

    def _sides(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], list[DeadLetter]]:
        """Those for the quarantine, and the dead letters."""
        theirs = [letter for letter in letters if self._is_theirs(letter)]
        return theirs, [letter for letter in letters if not self._is_theirs(letter)]

    def _is_theirs(self, letter: DeadLetter) -> bool:
        """Whether its publisher is to blame and not we, on a topic where that may be a stranger."""
        return self._subscription.quarantine is not None and letter.reason in PUBLISHERS_FAULT

    def _marks(
        self, heard: Sequence[Heard], letters: Sequence[DeadLetter]
    ) -> dict[UUID, Origin | None]:
        """What to mark; of an event that comes twice in one batch the first record counts."""
        with_origin = self._subscription.on_duplicate is not None
        marks: dict[UUID, Origin | None] = {letter.mark: letter.origin for letter in letters}
        for _, event in heard:
            marks.setdefault(event.id, event.origin if with_origin else None)
        return marks

    async def _duplicates(
        self, tx: Tx, heard: Sequence[Heard], fresh: Sequence[Incoming[Event]]
    ) -> None:
        """Who asked for them gets the events that their publishers sent again."""
        if self._subscription.on_duplicate:
            taken = {event.origin for event in fresh}
            others = [event for _, event in heard if event.origin not in taken]
            if again := await repeats(tx, others):
                await self._subscription.on_duplicate(tx, again)

    async def _put_aside(
        self,
        tx: Tx,
        good: int,
        theirs: Sequence[DeadLetter],
        dead: Sequence[DeadLetter],
        *,
        tell: bool,
    ) -> None:
        if theirs and self._subscription.quarantine:
            await self._subscription.quarantine(tx, theirs)
        self._limit.check(good, len(dead), self._clock.now())
        await bury(tx, self._service, dead)
        if dead and tell and self._subscription.on_dead_letter:
            await self._subscription.on_dead_letter(tx, dead)

    async def _one_by_one(self, heard: Sequence[Heard], letters: Sequence[DeadLetter]) -> None:
        for each in heard:
            await self._alone(each)
        for letter in letters:
            await self._put_aside_alone(letter)

    async def _alone(self, heard: Heard) -> None:
        failure = await self._try(heard)
        if failure is None:
            return
        detail = failure.detail if isinstance(failure, Failure) else type(failure).__name__
        letter = dead_letter(heard.record, _kind(failure), detail)
        said = {"reason": letter.reason, "detail": detail, "type": heard.event.type}
        if self._is_theirs(letter):
            log.info("quarantined", **said)
        else:
            log.error("dead letter", **said)
        await self._put_aside_alone(letter)

    async def _put_aside_alone(self, letter: DeadLetter) -> None:
        """A service that fails over it, or over its quarantine, must not keep it from being a dead letter."""
        try:
            await self._together([], [letter])
        except GIVEN_BACK:
            raise
        except Exception as error:
            log.exception("a record could not be put aside as asked", exc_info=error)
            await self._together([], [letter], tell=False)

    async def _try(self, heard: Heard) -> Exception | None:
        """A few times, if that can help; the last failure, or None when it succeeded."""
        failure: Exception | None = None
        for attempt in range(TRIES):
            await asyncio.sleep(attempt * PAUSE_SECONDS)
            try:
                await self._together([heard], [])
            except GIVEN_BACK:
                raise
            except HOPELESS as error:
                return error
            except Exception as error:
                log.warning("event failed", type=heard.event.type, exc_info=error)
                failure = error
            else:
                return None
        return failure


def _stray(record: Record) -> DeadLetter | None:
    """What to put aside where an event belongs on another topic than the one it came on."""
    payload = payload_of(record)
    if topic_of(payload).name == record.topic:
        return None
    return dead_letter(record, WRONG_TOPIC, f"{type_of(payload)} is not for {record.topic}")


def _first(
    heard: Sequence[Heard], contexts: Sequence[TraceContext | None], new: set[UUID]
) -> list[Incoming[Event]]:
    """The events that are new here, each once, each inside the span of its own processing."""
    left = set(new)
    fresh = []
    for (_, event), context in zip(heard, contexts, strict=True):
        if event.id in left:
            left.remove(event.id)
            same = context is event.trace
            fresh.append(event if same else msgspec.structs.replace(event, trace=context))
    return fresh


def _about(event: Incoming[Event]) -> dict[str, Value]:
    return {"topic": event.origin.topic, "type": event.type, "event_id": str(event.id)}


def _kind(error: Exception) -> str:
    return error.kind if isinstance(error, Failure) else "unknown"


def _count(
    heard: Sequence[Heard],
    fresh: Sequence[Incoming[Event]],
    theirs: Sequence[DeadLetter],
    dead: Sequence[DeadLetter],
) -> None:
    handled = Counter(event.origin.topic for event in fresh)
    duplicate = Counter(each.record.topic for each in heard) - handled
    for outcome, counted in (
        ("handled", handled),
        ("duplicate", duplicate),
        ("quarantined", Counter(letter.origin.topic for letter in theirs)),
        ("dead_lettered", Counter(letter.origin.topic for letter in dead)),
    ):
        for topic, number in counted.items():
            metrics.consumer_records.labels(topic, outcome).inc(number)
    for letter in dead:
        metrics.dead_letters.labels(letter.origin.topic, letter.reason).inc()
