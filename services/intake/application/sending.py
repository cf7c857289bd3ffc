"""Sending: what is due is claimed, handed over in parallel, and settled in sets."""

import random
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from services.intake.adapters import store_delivery
from services.intake.adapters.mail_out import Mailer
from services.intake.adapters.store_delivery import Claimed
from services.intake.application.group_commit import GroupCommit
from services.intake.application.promises import answered
from services.intake.domain.delivery import DeliveryState, End, Retry, end_of
from shared.contracts.cloudevents import Outgoing, TraceContext
from shared.contracts.intake import MessageFailed, MessageSent
from shared.contracts.values import MessageKind
from shared.database.database import Database, Tx
from shared.kernel.clock import Clock
from shared.messaging.outbox import outbox
from shared.observability import names, tracing


class Attempt(msgspec.Struct, frozen=True):
    """A message, how its attempt ended, and the span of it."""

    message: Claimed
    end: End
    trace: TraceContext | None


class Sending:
    """Claims and sends. Any number of processes may do so: a message is in one's hands at a time."""

    def __init__(
        self, database: Database, mailer: Mailer, retry: Retry, clock: Clock, lease: timedelta
    ) -> None:
        self._database, self._mailer, self._retry = database, mailer, retry
        self._clock, self._lease = clock, lease
        self._commits = GroupCommit(self._save, lanes=1)

    async def claim(self, limit: int) -> list[Claimed]:
        """Messages that are due now and ours until the lease ends."""
        async with self._database.transaction() as tx:
            return await store_delivery.claim(tx, self._clock.now(), self._lease, limit)

    async def send(self, message: Claimed) -> None:
        """Try to send one; returns when how that ended is committed. Raises `Unavailable`."""
        contact_id = str(message.contact_id)
        with (
            tracing.use(message.trace),
            tracing.span(names.SEND, channel="email", contact_id=contact_id) as span,
        ):
            result = await self._mailer.send(message)
            tracing.annotate(span, outcome=type(result).__name__.lower())
            trace = tracing.current()
        jitter = random.random()  # noqa: S311 - it spreads load
        now = self._clock.now()
        end = end_of(
            message.message_id, message.attempts, result, now=now, retry=self._retry, jitter=jitter
        )
        await self._commits.submit(Attempt(message, end, trace))

    async def _save(self, attempts: Sequence[Attempt]) -> list[None]:
        ordered = sorted(attempts, key=lambda attempt: attempt.message.message_id)
        async with self._database.transaction() as tx:
            ours = await store_delivery.settle(tx, [attempt.end for attempt in ordered])
            settled = [attempt for attempt in ordered if attempt.message.message_id in ours]
            said = [event for attempt in settled for event in _said(attempt)]
            await outbox.append(tx, [*said, *await _answered(tx, settled)])
        return [None] * len(attempts)


def _said(attempt: Attempt) -> list[Outgoing]:
    message, end = attempt.message, attempt.end
    if end.settled_at is None:
        return []
    contact_id, message_id, kind = message.contact_id, message.message_id, message.kind
    event: MessageSent | MessageFailed
    if end.state is DeliveryState.SENT:
        event = MessageSent(
            contact_id=contact_id, message_id=message_id, kind=kind, sent_at=end.settled_at
        )
    else:
        event = MessageFailed(
            contact_id=contact_id,
            message_id=message_id,
            kind=kind,
            failed_at=end.settled_at,
            reason=end.reason or "",
        )
    return [Outgoing(event, trace=attempt.trace)]


async def _answered(tx: Tx, attempts: Sequence[Attempt]) -> list[Outgoing]:
    """The first reply that is sent settles the promise of its contact."""
    replies = {
        each.message.contact_id: each.end.settled_at
        for each in attempts
        if each.message.kind is MessageKind.REPLY and each.end.state is DeliveryState.SENT
    }
    sent = {contact_id: at for contact_id, at in replies.items() if at}
    return await answered(tx, sent) if sent else []
