"""What a customer may do with a link: see what is asked, and answer it."""

from dataclasses import dataclass, replace

from services.followup.adapters import store
from services.followup.adapters.links import Grant, Links
from services.followup.adapters.store import Asked
from services.followup.application.counting import count
from services.followup.domain.decisions import Closed, answer
from services.followup.domain.model import Answer, CheckIn, Scheduled, Sent, Settled, Waiting
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Missing
from shared.messaging.outbox import outbox


@dataclass(frozen=True, slots=True)
class Answering:
    """Reads links; each call is one unit of work given by the caller."""

    links: Links
    clock: Clock

    async def look(self, tx: Tx, token: str) -> Asked:
        """What is asked, or was answered; changes nothing. Raises Missing, and Closed."""
        grant = self.links.read(token)
        asked = self._asked(grant, await store.find(tx, grant.check_in_id))
        if not self._can_be_shown(asked.check_in):
            raise Closed("the question is closed")
        return asked

    async def answer(self, tx: Tx, token: str, given: Answer) -> Asked:
        """Take the answer. Raises Missing, Closed, and Conflict for another answer than before."""
        grant = self.links.read(token)
        asked = self._asked(grant, await store.lock(tx, grant.check_in_id))
        decision = answer(asked.check_in, given, self.clock.now())
        if decision.events:
            told = [Outgoing(event, trace=asked.contact.trace) for event in decision.events]
            await store.save_check_ins(tx, [decision.check_in])
            await outbox.append(tx, told)
            count(told)
        return replace(asked, check_in=decision.check_in)

    async def language(self, tx: Tx, token: str) -> str | None:
        """The language of the customer this link was signed for; None if there is none."""
        try:
            asked = await store.find(tx, self.links.read(token).check_in_id)
        except Missing:
            return None
        return asked.contact.received.language if asked and asked.contact.received else None

    def _can_be_shown(self, check_in: CheckIn) -> bool:
        match check_in.state:
            case Sent(closes_at=closes_at):
                return self.clock.now() < closes_at
            case Settled(answer=Answer()):
                return True
        return False

    def _asked(self, grant: Grant, found: Asked | None) -> Asked:
        """A question that is no longer kept was open once: we signed for it."""
        if found is None and self.clock.now() >= grant.closes_at:
            raise Closed("the question is closed")
        if found is None or isinstance(found.check_in.state, Waiting | Scheduled):
            raise Missing("there is no such page")
        return found
