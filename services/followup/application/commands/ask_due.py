"""Ask the customers whose time has come."""

from dataclasses import dataclass
from datetime import datetime

from services.followup.adapters.db import check_ins
from services.followup.adapters.links import Links
from services.followup.application.commands.due_batch import save_batch
from services.followup.application.next_due import ASK
from services.followup.domain.check_ins.model import CheckIn, Question, Received, Sent
from services.followup.domain.check_ins.policy import Policy
from services.followup.domain.check_ins.questions import ask
from services.followup.domain.wording import letter
from shared.contracts.decision import Decision
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.values import MessageKind
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result


@dataclass(frozen=True, slots=True)
class AskDue:
    """Asks one batch; several workers may do so at once, each takes what no other holds."""

    policy: Policy
    links: Links
    clock: Clock

    async def __call__(self, tx: Tx, limit: int) -> Result[int]:
        """At most `limit` questions; the answer is how many were looked at."""
        now = self.clock.now()
        due = await check_ins.lock_due(tx, now, limit)
        return await save_batch(tx, ASK, due, [self._ask(each, now) for each in due], now)

    def _ask(self, question: Question, now: datetime) -> Decision[CheckIn]:
        """The decision, and with a question that is sent the message that carries it."""
        decision = ask(question.check_in, question.contact, self.policy, now)
        match decision.state.state, question.contact.received:
            case Sent() as sent, Received() as received:
                request = self._request(question, sent, received)
                return Decision(decision.state, (request, *decision.events))
        return decision

    def _request(self, question: Question, sent: Sent, received: Received) -> MessageRequested:
        written = letter(
            language=received.language,
            name=question.name,
            link=self.links.link(question.check_in.check_in_id, sent.closes_at),
            closes_at=sent.closes_at,
            zone=received.time_zone,
        )
        return MessageRequested(
            contact_id=question.contact.contact_id,
            message_id=sent.message_id,
            kind=MessageKind.CHECK_IN,
            requested_at=sent.sent_at,
            personal=MessagePersonal(text=written.text, subject=written.subject),
        )
