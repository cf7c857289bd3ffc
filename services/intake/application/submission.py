"""Submission: a single arrival, stored when its receipt is given out."""

from collections.abc import Sequence

import asyncpg

from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept, Outcomes
from services.intake.application.commands.store_attachments import StoreAttachments
from services.intake.application.group_commit import GroupCommit
from services.intake.domain.arrival import Arrival, Outcome
from shared.database.database import Database, Tx
from shared.messaging.outbox.backlog import Backlog
from shared.messaging.outbox.use_case import execute
from shared.observability import metrics, span_names, tracing

COLLISIONS = 3
"""How often a set is tried again because another transaction had one of its arrivals."""


class Submission:
    """What the SMTP and HTTP servers share: each arrival is part of a group commit."""

    def __init__(
        self,
        database: Database,
        accept: Accept,
        config: CurrentCentreConfig,
        store_attachments: StoreAttachments,
        *,
        backlog: Backlog,
        max_in_flight: int,
        max_batch: int,
        max_bytes: int,
    ) -> None:
        self._database, self._accept, self._config = database, accept, config
        self._store_attachments, self._backlog = store_attachments, backlog
        self._commits = GroupCommit(
            self._commit,
            size=size_of,
            max_in_flight=max_in_flight,
            max_batch=max_batch,
            max_bytes=max_bytes,
        )
        metrics.intake_submissions_waiting.set_function(lambda: self._commits.waiting)

    async def submit(self, arrival: Arrival) -> Outcome:
        """What became of it, committed. Raises `Unavailable`, `Overloaded`.

        Who brings files waits for the object store first, alone: a set of others commits meanwhile.
        """
        self._backlog.admit()
        return await self._commits.submit(await self._store_attachments(arrival))

    async def drained(self) -> None:
        """Returns when all that was submitted is committed or refused."""
        await self._commits.drained()

    async def _commit(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        async def accept(tx: Tx) -> Outcomes:
            return await self._accept(tx, arrivals, await self._config.read(tx))

        traces = [arrival.trace for arrival in arrivals]
        with tracing.batch_span(span_names.STORE, traces, count=len(arrivals)):
            for _ in range(COLLISIONS):
                try:
                    return await execute(self._database, accept)
                except asyncpg.UniqueViolationError:
                    continue
            return await execute(self._database, accept)


def size_of(arrival: Arrival) -> int:
    """About how many bytes of it the commit stores: its texts. Its files are in their own store before."""
    return len(arrival.text) + len(arrival.full_text or "")
