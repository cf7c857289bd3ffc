"""A handler for tests that writes what it processed into the inbox's own database."""

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from typing import Self, TypeAlias
from uuid import UUID

from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted
from shared.contracts.followup import ResolutionConfirmed
from shared.database.database import Database, Tx
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.dead_letters.letter import DeadLetter
from tests.support.kafka import Place

WANTED: frozenset[type[Event]] = frozenset({ResolutionConfirmed, ContactSubmitted})
TABLE = "create table if not exists consumed (place bigint generated always as identity, id uuid)"
Doubt: TypeAlias = Callable[[Sequence[Incoming[Event]]], Awaitable[None]]


class RecordingHandler:
    """Writes events into a table, in the transaction it is given. `doubt` may then raise."""

    def __init__(self, database: Database, doubt: Doubt | None = None) -> None:
        self._database = database
        self._doubt = doubt
        self.batches: list[int] = []
        self.letters: list[DeadLetter] = []
        self.quarantined: list[DeadLetter] = []

    async def __aenter__(self) -> Self:
        async with self._database.connection() as connection:
            await connection.execute(TABLE)
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def handle(self, tx: Tx, events: Sequence[Incoming[Event]]) -> list[Outgoing]:
        self.batches.append(len(events))
        await tx.executemany(
            "insert into consumed (id) values ($1)", [(each.id,) for each in events]
        )
        if self._doubt:
            await self._doubt(events)
        return []

    async def on_dead_letter(self, _: Tx, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters

    async def quarantine(self, _: Tx, letters: Sequence[DeadLetter]) -> None:
        self.quarantined += letters

    def subscription(self, place: Place) -> Subscription:
        """To the test's own topic."""
        return Subscription((place.topic,), WANTED, self.handle, self.on_dead_letter)

    def subscription_for_outsiders(self, place: Place) -> Subscription:
        """The same, where anybody may publish."""
        return dataclasses.replace(self.subscription(place), quarantine=self.quarantine)

    async def consumed(self) -> list[UUID]:
        """What had an effect, in order."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("select id from consumed order by place")
        return [row["id"] for row in rows]
