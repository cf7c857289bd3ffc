"""Accepting: every door hands its arrivals in here, as many as there are at once."""

from collections.abc import Callable, Sequence

from services.intake.adapters import store_known, store_plan
from services.intake.application.accounts import count
from services.intake.domain.acceptance import decide, newcomers
from services.intake.domain.arrival import Arrival, Outcome
from services.intake.domain.centre import Centre
from shared.database.database import Tx
from shared.messaging.outbox import outbox

Detect = Callable[[str], str | None]


class Accept:
    """Load the set, decide, save the set. What it says and counts commits with what it stores."""

    def __init__(self, detect: Detect) -> None:
        self._detect = detect

    async def __call__(self, tx: Tx, arrivals: Sequence[Arrival], centre: Centre) -> list[Outcome]:
        """What became of each arrival, in their order; counted as received."""
        outcomes = await self.admit(tx, arrivals, centre)
        await count(tx, arrivals, outcomes)
        return outcomes

    async def admit(self, tx: Tx, arrivals: Sequence[Arrival], centre: Centre) -> list[Outcome]:
        """The same for what was counted when it first came.

        Two transactions with one arrival between them collide in the database
        (`UniqueViolationError`): whoever lost tries again and then knows the other's.
        """
        heard = [arrival.language or self._detect(arrival.text) for arrival in arrivals]
        known = await store_known.load(tx, arrivals)
        strangers = newcomers(arrivals, heard, known, centre)
        if strangers:
            known = await store_known.register(tx, strangers, known)
        plan = decide(arrivals, heard, known, centre)
        await store_plan.save(tx, plan)
        await outbox.append(tx, plan.events)
        return plan.outcomes
