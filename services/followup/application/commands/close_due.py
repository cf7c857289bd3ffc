"""Close the questions whose window is over."""

from dataclasses import dataclass

from services.followup.adapters.db import check_ins
from services.followup.application.commands.due_batch import save_batch
from services.followup.application.next_due import CLOSE
from services.followup.domain.check_ins.questions import close
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result


@dataclass(frozen=True, slots=True)
class CloseDue:
    """Closes one batch; several workers may do so at once, each takes what no other holds."""

    clock: Clock

    async def __call__(self, tx: Tx, limit: int) -> Result[int]:
        """At most `limit` questions; the answer is how many."""
        now = self.clock.now()
        due = await check_ins.lock_closing(tx, now, limit)
        return await save_batch(tx, CLOSE, due, [close(each.check_in, now) for each in due], now)
