"""One batch of records: decoded, then processed in one transaction, or one by one if that fails.

The path of a message: `process` → `_decode` (bytes to events) → `_process_batch` (inbox, handler, outbox
and dead letters in one transaction) → committed. If a batch fails, `_process_each` tries its events one
by one: what fails alone becomes a dead letter, or is tried again when the failure says that this can
help. A batch that takes the database too long is halved first. On a topic of outsiders, what its
publisher got wrong goes to the service's quarantine instead.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from opentelemetry.trace import SpanKind

from shared.contracts.cloudevents import (
    Incoming,
    decode_wanted,
    payload_of,
    source_of,
)
from shared.contracts.event import Event, topic_of, type_of
from shared.contracts.record import REPLAY_FOR, Origin, Record, UnreadableRecord
from shared.contracts.trace_context import TraceContext
from shared.database.database import Database, Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Cancelled, Denied, Failure, Invalid, Overloaded, Unavailable
from shared.messaging.consumer.aside_log import AsideLog
from shared.messaging.consumer.cancelled import CancelledAlone
from shared.messaging.consumer.inbox import mark, mark_repeats
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.dead_letters.letter import DeadLetter, dead_letter, enqueue_dead_letters
from shared.messaging.dead_letters.limit import (
    DeadLetterLimit,
    Processed,
    TooManyDeadLetters,
    count_dead_letters,
)
from shared.messaging.outbox.append import append
from shared.observability import metrics, span_names
from shared.observability.logging import get_logger
from shared.observability.tracing import Value, batch_spans

TRIES = 3
RETRY_DELAY_SECONDS = 0.1
TRY_AGAIN = (Unavailable, Overloaded, TooManyDeadLetters)
FINAL = (Invalid, Denied)
ROLLED_BACK = "batch rolled back, now one by one"
WRONG_TOPIC, UNREADABLE, CANCELLED = "wrong topic", "unreadable", "cancelled"
PUBLISHERS_FAULT = frozenset((Invalid.kind, WRONG_TOPIC, UNREADABLE))

log = get_logger(__name__)


class Decoded(NamedTuple):
    """An event, and the record it came in."""

    record: Record
    event: Incoming[Event]


Batch: TypeAlias = tuple[list[Decoded], list[DeadLetter]]
Firsts: TypeAlias = Mapping[UUID, int]
"""By event id the place of the first record in a batch that holds it."""


class Processor:
    """Processes batches for one subscription of one service; knows nothing of Kafka."""

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
        self._log = AsideLog()
        self._group = subscription.group(service)
        self._handled = self._good = 0  # events; the latter since the last dead letter

    async def process(self, records: Sequence[Record]) -> None:
        """Everything these records ask for is done and committed when this returns.

        Raises `Unavailable` or `Overloaded` if the same call may succeed later, and
        `TooManyDeadLetters`. Whatever was not committed by then has had no effect.
        """
        decoded, letters = self._decode(records)
        if not decoded and not letters:
            return
        if self._subscription.admit:
            self._subscription.admit()
        metrics.consumer_batch_records.observe(len(decoded) + len(letters))
        with metrics.consumer_batch_seconds.time():
            alone = CancelledAlone[Decoded](lambda: self._handled)
            await self._process_all(decoded, letters, alone)
            for (record, _), error in alone.at_fault():
                await self._set_aside_one(dead_letter(record, CANCELLED, error.detail))

    def _decode(self, records: Sequence[Record]) -> Batch:
        """Events that are wanted, and records that cannot be read; the others are passed over."""
        decoded: list[Decoded] = []
        letters: list[DeadLetter] = []
        passed = Counter[tuple[str, str]]()
        for record in records:
            if isinstance(record, UnreadableRecord):
                letters.append(dead_letter(record, UNREADABLE, record.why))
                continue
            if self._is_for_another(record):
                passed[record.topic, "for_another"] += 1
                continue
            try:
                event = decode_wanted(record, self._subscription.wanted)
            except Invalid as error:
                letters.append(dead_letter(record, error.kind, error.detail))
                continue
            if event:
                decoded.append(Decoded(record, event))
            elif self._subscription.quarantine and (stray := _stray(record)):
                letters.append(stray)
            else:
                passed[record.topic, "unwanted"] += 1
        for (topic, outcome), number in passed.items():
            metrics.consumer_records.labels(topic, outcome).inc(number)
        return decoded, letters

    def _is_for_another(self, record: Record) -> bool:
        """A replay that another service asked for. From outsiders, who ask for none, all is read."""
        services = [content for name, content in record.headers if name == REPLAY_FOR]
        others = bool(services) and self._service.encode() not in services
        return others and self._subscription.quarantine is None

    async def _process_all(
        self,
        decoded: Sequence[Decoded],
        letters: Sequence[DeadLetter],
        alone: CancelledAlone[Decoded],
    ) -> None:
        """Together if that goes, else in halves or one by one, as the failure has it."""
        try:
            await self._process_batch(decoded, letters)
        except Cancelled as error:
            await self._process_halves(decoded, letters, alone, error)
        except (Unavailable, Overloaded):
            raise
        except FINAL as error:  # whoever published it is wrong: nobody needs our stack
            log.info(ROLLED_BACK, reason=error.kind, detail=error.detail)
            await self._process_each(decoded, letters, alone, error)
        except Exception as error:  # too many dead letters, too: all that may be is processed
            log.warning(ROLLED_BACK, exc_info=error)
            await self._process_each(decoded, letters, alone, error)

    async def _process_halves(
        self,
        decoded: Sequence[Decoded],
        letters: Sequence[DeadLetter],
        alone: CancelledAlone[Decoded],
        error: Cancelled,
    ) -> None:
        """After all of it took the database too long: half of it may not."""
        metrics.consumer_retries.labels(CANCELLED).inc()
        if len(decoded) + len(letters) == 1:
            if not decoded:
                raise error
            await self._process_one(decoded[0], alone)
            return
        log.warning("a batch takes the database too long, now in halves", count=len(decoded))
        for half in _halves(decoded, letters):
            await self._process_all(*half, alone)

    async def _process_batch(
        self, decoded: Sequence[Decoded], letters: Sequence[DeadLetter], *, hooks: bool = True
    ) -> None:
        """All of it in one transaction. Whatever it raises, nothing of it has happened."""
        traces = [each.event.trace for each in decoded]
        with batch_spans(
            span_names.CONSUME,
            span_names.PROCESS,
            traces,
            kind=SpanKind.CONSUMER,
            about=lambda place: _about(decoded[place].event),
            count=len(decoded),
        ) as contexts:
            async with self._database.transaction() as tx:
                firsts = _firsts(decoded)
                known = await mark(tx, self._marks(decoded, firsts, letters))
                fresh = _fresh(decoded, contexts, firsts, known)
                if fresh:
                    events = await self._subscription.handle(tx, fresh)
                    await append(tx, source_of(self._service), events)
                if len(fresh) < len(decoded):
                    await self._duplicates(tx, decoded, fresh)
                aside = [letter for letter in letters if letter.mark not in known]
                strays, dead = self._split(aside) if hooks else ([], aside)
                await self._set_aside(tx, strays, dead, hooks=hooks)
                if dead:
                    new = Processed(self._good + len(fresh), len(dead))
                    await count_dead_letters(tx, self._group, self._limit, new, self._clock.now())
        self._handled += len(fresh)
        self._good = 0 if dead else self._good + len(fresh)
        self._log.dead(dead)
        self._log.quarantined(strays, self._clock.now())
        _count(decoded, fresh, strays, dead)

    def _split(self, letters: Sequence[DeadLetter]) -> tuple[list[DeadLetter], list[DeadLetter]]:
        """Those for the quarantine, and the dead letters."""
        strays = [letter for letter in letters if self._is_publishers_fault(letter)]
        return strays, [letter for letter in letters if not self._is_publishers_fault(letter)]

    def _is_publishers_fault(self, letter: DeadLetter) -> bool:
        """Whether its publisher is to blame and not we, on a topic where that may be a stranger."""
        return self._subscription.quarantine is not None and letter.reason in PUBLISHERS_FAULT

    def _marks(
        self, decoded: Sequence[Decoded], firsts: Firsts, letters: Sequence[DeadLetter]
    ) -> Mapping[UUID, Origin | None]:
        """What to mark; of an event that comes twice in one batch the first record counts."""
        of_letters = {letter.mark: letter.origin for letter in letters}
        if self._subscription.on_duplicate is None:
            return of_letters | dict.fromkeys(firsts)
        return of_letters | {id_: decoded[place].event.origin for id_, place in firsts.items()}

    async def _duplicates(
        self, tx: Tx, decoded: Sequence[Decoded], fresh: Sequence[Incoming[Event]]
    ) -> None:
        """Who asked for them gets the events that their publishers sent again."""
        if self._subscription.on_duplicate:
            originals = {event.origin for event in fresh}
            others = [event for _, event in decoded if event.origin not in originals]
            if again := await mark_repeats(tx, others):
                await self._subscription.on_duplicate(tx, again)

    async def _set_aside(
        self,
        tx: Tx,
        strays: Sequence[DeadLetter],
        dead: Sequence[DeadLetter],
        *,
        hooks: bool,
    ) -> None:
        if strays and self._subscription.quarantine:
            await self._subscription.quarantine(tx, strays)
        await enqueue_dead_letters(tx, self._service, dead)
        if dead and hooks and self._subscription.on_dead_letter:
            await self._subscription.on_dead_letter(tx, dead)

    async def _process_each(
        self,
        decoded: Sequence[Decoded],
        letters: Sequence[DeadLetter],
        alone: CancelledAlone[Decoded],
        failure: Exception,
    ) -> None:
        """After the batch as a whole met a failure."""
        metrics.consumer_retries.labels(_kind(failure)).inc()
        for each in decoded:
            await self._process_one(each, alone)
        for letter in letters:
            await self._set_aside_one(letter)

    async def _process_one(self, decoded: Decoded, alone: CancelledAlone[Decoded]) -> None:
        failure = await self._try(decoded)
        if failure is None:
            return
        if isinstance(failure, Cancelled):
            alone.add(decoded, failure)
            return
        detail = failure.detail if isinstance(failure, Failure) else type(failure).__name__
        await self._set_aside_one(dead_letter(decoded.record, _kind(failure), detail))

    async def _set_aside_one(self, letter: DeadLetter) -> None:
        """A service that fails over it, or over its quarantine, must not keep it from being a dead letter."""
        try:
            await self._process_batch([], [letter])
        except TRY_AGAIN:
            raise
        except Exception as error:
            log.exception("a record could not be put aside as asked", exc_info=error)
            await self._process_batch([], [letter], hooks=False)

    async def _try(self, decoded: Decoded) -> Exception | None:
        """A few times, if that can help; the last failure, or None when it succeeded."""
        failure: Exception | None = None
        for attempt in range(TRIES):
            await asyncio.sleep(attempt * RETRY_DELAY_SECONDS)
            try:
                await self._process_batch([decoded], [])
            except Cancelled as error:
                failure = error
            except TRY_AGAIN:
                raise
            except FINAL as error:
                return error
            except Exception as error:
                log.warning("event failed", type=decoded.event.type, exc_info=error)
                failure = error
            else:
                return None
        return failure


def _halves(decoded: Sequence[Decoded], letters: Sequence[DeadLetter]) -> tuple[Batch, Batch]:
    """The first and the second half of both together, in their order."""
    middle = (len(decoded) + len(letters)) // 2
    of_letters = max(0, middle - len(decoded))
    first = [*decoded[:middle]], [*letters[:of_letters]]
    return first, ([*decoded[middle:]], [*letters[of_letters:]])


def _stray(record: Record) -> DeadLetter | None:
    """What to put aside where an event belongs on another topic than the one it came on."""
    payload = payload_of(record)
    if topic_of(payload).name == record.topic:
        return None
    return dead_letter(record, WRONG_TOPIC, f"{type_of(payload)} is not for {record.topic}")


def _firsts(decoded: Sequence[Decoded]) -> Firsts:
    firsts: dict[UUID, int] = {}
    for place, (_, event) in enumerate(decoded):
        firsts.setdefault(event.id, place)
    return firsts


def _fresh(
    decoded: Sequence[Decoded],
    contexts: Sequence[TraceContext | None],
    firsts: Firsts,
    known: Collection[UUID],
) -> list[Incoming[Event]]:
    """The events that are new here, each once, each inside the span of its own processing."""
    new = [place for id_, place in firsts.items() if id_ not in known] if known else firsts.values()
    return [msgspec.structs.replace(decoded[place].event, trace=contexts[place]) for place in new]


def _about(event: Incoming[Event]) -> dict[str, Value]:
    return {"topic": event.origin.topic, "type": event.type, "event_id": str(event.id)}


def _kind(error: Exception) -> str:
    return error.kind if isinstance(error, Failure) else "unknown"


def _count(
    decoded: Sequence[Decoded],
    fresh: Sequence[Incoming[Event]],
    strays: Sequence[DeadLetter],
    dead: Sequence[DeadLetter],
) -> None:
    handled = Counter(event.origin.topic for event in fresh)
    duplicate = Counter(each.record.topic for each in decoded) - handled
    for outcome, counted in (
        ("handled", handled),
        ("duplicate", duplicate),
        ("quarantined", Counter(letter.origin.topic for letter in strays)),
        ("dead_lettered", Counter(letter.origin.topic for letter in dead)),
    ):
        for topic, number in counted.items():
            metrics.consumer_records.labels(topic, outcome).inc(number)
    for letter in dead:
        metrics.dead_letters.labels(letter.origin.topic, letter.reason).inc()
