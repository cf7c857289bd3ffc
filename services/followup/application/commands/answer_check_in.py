"""A customer answers the question behind their link."""

from dataclasses import dataclass, replace

from services.followup.adapters.db import check_ins
from services.followup.adapters.links import Links
from services.followup.application.outcomes import count_outcomes
from services.followup.domain.check_ins.model import Answer, Question
from services.followup.domain.check_ins.questions import answer, behind_link
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result


@dataclass(frozen=True, slots=True)
class AnswerCheckIn:
    """Records the answer, once."""

    links: Links
    clock: Clock

    async def __call__(self, tx: Tx, token: str, given: Answer) -> Result[Question]:
        """The question as it then is. Raises Missing, Closed, and Conflict for another answer than before."""
        now, grant = self.clock.now(), self.links.read(token)
        found = await check_ins.lock(tx, grant.check_in_id)
        question = behind_link(found, grant.closes_at, now)
        decision = answer(question.check_in, given, now)
        if not decision.events:
            return Result(question)
        await check_ins.save(tx, [decision.state])
        events = [Outgoing(event, trace=question.contact.trace) for event in decision.events]
        count_outcomes(events)
        return Result(replace(question, check_in=decision.state), events)
