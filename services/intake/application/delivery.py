"""Delivery: what is due is leased, handed over in parallel, and settled in sets."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from services.intake.adapters.channels.port import ChannelPort
from services.intake.adapters.db import deliveries
from services.intake.application.commands.settle_promises import settle_by_replies
from services.intake.application.group_commit import GroupCommit
from services.intake.domain.delivery import (
    Deferred,
    DeliveryOutcome,
    DeliveryState,
    LeasedMessage,
    OutcomeRow,
    RetryPolicy,
    outcome_row,
)
from shared.contracts.cloudevents import Outgoing
from shared.contracts.intake import MessageFailed, MessageSent
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel, MessageKind
from shared.database.database import Database, Tx, once_committed
from shared.jobs.backoff import Backoff, pause
from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.use_case import Result, execute
from shared.observability import metrics, span_names, tracing
from shared.observability.logging import get_logger
from shared.observability.outages import Trouble

log = get_logger(__name__)


class Attempt(msgspec.Struct, frozen=True):
    """A message, what its attempt made of it, and the span of that."""

    message: LeasedMessage
    row: OutcomeRow
    trace: TraceContext | None


class Delivery:
    """Leases and delivers. Any number of processes may do so: a message is leased to one at a time."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[Channel, ChannelPort],
        retry: RetryPolicy,
        clock: Clock,
        lease: timedelta,
    ) -> None:
        self._database, self._channels, self._retry = database, channels, retry
        self._clock, self._lease = clock, lease
        self._commits = GroupCommit(self._commit, max_in_flight=1)
        self._troubles = {channel: Trouble(f"delivery by {channel}") for channel in channels}

    async def lease(self, limit: int) -> list[LeasedMessage]:
        """Messages that are due now and ours until the lease ends."""
        async with self._database.transaction() as tx:
            return await deliveries.lease(tx, self._clock.now(), self._lease, limit)

    async def deliver(self, message: LeasedMessage) -> None:
        """Try to deliver one; returns when how that ended is committed. Raises `Unavailable`."""
        contact_id, channel = str(message.contact_id), message.channel
        with (
            tracing.use(message.trace),
            tracing.span(span_names.SEND, channel=channel, contact_id=contact_id) as span,
        ):
            outcome = await self._channels[channel].deliver(message)
            self._say(channel, outcome)
            tracing.annotate(span, outcome=outcome.label)
            trace = tracing.current()
        row = outcome_row(
            message.message_id,
            message.attempts,
            outcome,
            now=self._clock.now(),
            retry=self._retry,
            jitter=random.random(),  # noqa: S311 - it spreads load
        )
        await self._commits.submit(Attempt(message, row, trace))

    def _say(self, channel: Channel, outcome: DeliveryOutcome) -> None:
        """A provider that is away is an outage in the log, not a line for each message that waits for it."""
        if isinstance(outcome, Deferred) and outcome.away:
            self._troubles[channel].met(Unavailable(f"{channel}: {outcome.reason}"))
        else:
            self._troubles[channel].over()

    async def close(self) -> None:
        """Close what the channels keep open."""
        for channel in self._channels.values():
            await channel.close()

    async def _commit(self, attempts: Sequence[Attempt]) -> list[None]:
        """Settle them, and the promises that replies among them keep, in one transaction."""
        ordered = sorted(attempts, key=lambda attempt: attempt.message.message_id)

        async def settle(tx: Tx) -> Result[list[None]]:
            ours = await deliveries.settle(tx, [attempt.row for attempt in ordered])
            settled = [attempt for attempt in ordered if attempt.message.message_id in ours]
            once_committed(_count, settled)
            events = [event for attempt in settled for event in _events(attempt)]
            return Result([None] * len(attempts), [*events, *await _settle_promises(tx, settled)])

        return await execute(self._database, settle)


class DeliveryJob:
    """A part of the worker that delivers what is due, several messages at once."""

    def __init__(
        self, delivery: Delivery, *, max_in_flight: int, max_leased: int, poll: float
    ) -> None:
        self._delivery, self._poll = delivery, poll
        self._max_leased = max_leased
        self._free = asyncio.Semaphore(max_in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._trouble = Trouble("delivery")

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop`; what is leased then is finished."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                await self._lease_more(stop)
                backoff.reset()
                self._trouble.over()
            except Unavailable as error:
                self._trouble.met(error)
                await backoff.wait(stop)
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._delivery.close()

    async def _lease_more(self, stop: asyncio.Event) -> None:
        leased = await self._delivery.lease(self._max_leased - len(self._tasks))
        for message in leased:
            task = asyncio.create_task(self._deliver(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(self._tasks) >= self._max_leased:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        elif not leased:
            await pause(stop, self._poll)

    async def _deliver(self, message: LeasedMessage) -> None:
        """A message whose outcome cannot be kept is delivered again when its lease ends."""
        async with self._free:
            try:
                await self._delivery.deliver(message)
            except Unavailable as error:
                self._trouble.met(error)
            except Exception:
                log.exception("a delivery was not settled", message_id=str(message.message_id))


def _count(attempts: Sequence[Attempt]) -> None:
    for attempt in attempts:
        metrics.intake_deliveries.labels(attempt.message.channel, attempt.row.state).inc()


def _events(attempt: Attempt) -> list[Outgoing]:
    message, row = attempt.message, attempt.row
    if row.settled_at is None:
        return []
    contact_id, message_id, kind = message.contact_id, message.message_id, message.kind
    event: MessageSent | MessageFailed
    if row.state is DeliveryState.SENT:
        event = MessageSent(
            contact_id=contact_id, message_id=message_id, kind=kind, sent_at=row.settled_at
        )
    else:
        event = MessageFailed(
            contact_id=contact_id,
            message_id=message_id,
            kind=kind,
            failed_at=row.settled_at,
            reason=row.reason or "",
        )
    return [Outgoing(event, trace=attempt.trace)]


async def _settle_promises(tx: Tx, attempts: Sequence[Attempt]) -> Sequence[Outgoing]:
    """The first reply that is sent settles the promise of its contact."""
    replies = {
        each.message.contact_id: each.row.settled_at
        for each in attempts
        if each.message.kind is MessageKind.REPLY and each.row.state is DeliveryState.SENT
    }
    sent = {contact_id: at for contact_id, at in replies.items() if at}
    return (await settle_by_replies(tx, sent)).events if sent else ()
