"""What followup does when a time has come: ask the customer, or close the question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.followup.adapters import store
from services.followup.adapters.links import Links
from services.followup.adapters.store import Asked
from services.followup.application.counting import count
from services.followup.domain.decisions import ask, close
from services.followup.domain.model import CheckIn, Decision, Received, Scheduled, Sent
from services.followup.domain.policy import Policy
from services.followup.domain.wording import letter
from shared.contracts.cloudevents import Outgoing
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx, once_committed
from shared.kernel.clock import Clock
from shared.messaging.outbox import outbox
from shared.observability import metrics, names
from shared.observability.tracing import batch_spans


@dataclass(frozen=True, slots=True)
class Timing:
    """Takes what is due, a batch in one transaction; several workers may do so at once."""

    policy: Policy
    links: Links
    clock: Clock

    async def ask_due(self, tx: Tx, limit: int) -> int:
        """Ask the customers whose time has come; returns how many check-ins were looked at."""
        now = self.clock.now()
        claimed = await store.claim_due(tx, now, limit)
        return await _act(tx, "ask", claimed, [self._ask(one, now) for one in claimed], now)

    async def close_due(self, tx: Tx, limit: int) -> int:
        """Close the questions whose window is over; returns how many."""
        now = self.clock.now()
        claimed = await store.claim_closing(tx, now, limit)
        decisions = [close(one.check_in, now) for one in claimed]
        return await _act(tx, "close", claimed, decisions, now)

    def _ask(self, one: Asked, now: datetime) -> Decision:
        decision = ask(one.check_in, one.contact, self.policy, now)
        match decision.check_in.state, one.contact.received:
            case Sent() as sent, Received() as received:
                request = self._request(one, sent, received)
                return replace(decision, events=(request, *decision.events))
        return decision

    def _request(self, one: Asked, sent: Sent, received: Received) -> MessageRequested:
        written = letter(
            language=received.language,
            name=one.name,
            link=self.links.link(one.check_in.check_in_id, sent.closes_at),
            closes_at=sent.closes_at,
            zone=received.time_zone,
        )
        return MessageRequested(
            contact_id=one.contact.contact_id,
            message_id=sent.message_id,
            kind=MessageKind.CHECK_IN,
            requested_at=sent.sent_at,
            personal=MessagePersonal(text=written.text, subject=written.subject),
        )


async def _act(
    tx: Tx, timer: str, claimed: Sequence[Asked], decisions: Sequence[Decision], now: datetime
) -> int:
    """Write what was decided and say so, each in the trace that its contact began."""
    begun = [one.contact.trace for one in claimed]
    with batch_spans(names.TIMER, names.ACT, begun, timer=timer, count=len(claimed)) as traces:
        told = [
            Outgoing(event, trace=trace)
            for decision, trace in zip(decisions, traces, strict=True)
            for event in decision.events
        ]
        await store.save_check_ins(tx, (decision.check_in for decision in decisions))
        await outbox.append(tx, told)
    late = metrics.timer_lateness.labels(timer=timer)
    for one in claimed:
        once_committed(late.observe, _late(one.check_in, now))
    count(told)
    return len(claimed)


def _late(check_in: CheckIn, now: datetime) -> float:
    match check_in.state:
        case Scheduled(due_at=due) | Sent(closes_at=due):
            return (now - due).total_seconds()
    return 0.0
