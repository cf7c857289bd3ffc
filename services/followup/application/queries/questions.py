"""What a customer sees behind their link."""

from dataclasses import dataclass

from services.followup.adapters.db import check_ins
from services.followup.adapters.links import Links
from services.followup.domain.check_ins.model import Question
from services.followup.domain.check_ins.questions import Closed, behind_link, can_be_shown
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class Questions:
    """Reads links; changes nothing."""

    links: Links
    clock: Clock

    async def look(self, tx: Tx, token: str) -> Question:
        """What is asked, or was answered. Raises Missing, and Closed."""
        now, grant = self.clock.now(), self.links.read(token)
        found = await check_ins.find(tx, grant.check_in_id)
        question = behind_link(found, grant.closes_at, now)
        if not can_be_shown(question.check_in, now):
            raise Closed("the question is closed")
        return question

    async def language(self, tx: Tx, token: str) -> str | None:
        """The language of the customer this link was signed for; None if there is none."""
        try:
            found = await check_ins.find(tx, self.links.read(token).check_in_id)
        except Missing:
            return None
        return found.language if found else None
