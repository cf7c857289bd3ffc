"""Replaying: what was quarantined is read once more and let in like any other."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake.adapters.channels.port import MailReader
from services.intake.adapters.db import quarantine, tally
from services.intake.adapters.db.quarantine import Quarantined
from services.intake.adapters.db.tally import Column
from services.intake.adapters.quarantine_codec import read_again
from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept
from services.intake.application.commands.store_attachments import StoreAttachments
from services.intake.application.tally import column_of
from services.intake.domain.arrival import Arrival, KeyReused, Outcome, Receipt
from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database, Tx
from shared.kernel.clock import Clock
from shared.kernel.errors import Conflict, Missing
from shared.messaging.outbox.use_case import Result, execute

Replayed = tuple[Column, Receipt]


class ReplayQuarantined:
    """Reads a quarantined thing once more; where it can be read now it is accepted."""

    def __init__(
        self,
        database: Database,
        accept: Accept,
        config: CurrentCentreConfig,
        reader: MailReader,
        *,
        store_attachments: StoreAttachments,
        clock: Clock,
    ) -> None:
        self._database, self._reader = database, reader
        self._store_attachments = store_attachments
        self._accept, self._config, self._clock = accept, config, clock

    async def __call__(self, quarantine_id: UUID) -> Replayed:
        """What became of it. Raises `Invalid` if it still cannot be read, `Missing`, `Conflict`,
        `Unavailable`.

        It is read outside of a transaction: an open one holds up the relay.
        """
        async with self._database.connection() as tx:
            item = await _waiting(tx, quarantine_id)
        now = self._clock.now()
        read = await read_again(item, self._reader, self._config.channels, now)
        arrival = await self._store_attachments(read)

        async def admit(tx: Tx) -> Result[Replayed]:
            item = await _waiting(tx, quarantine_id)
            [outcome], events = await self._accept.admit(tx, [arrival], await self._config.read(tx))
            return Result(await _settle(tx, item, outcome, now), events)

        return await execute(self._database, admit)


class ReplayedEvents:
    """Events of the inbox that an operator put back on their topic: they were received before."""

    def __init__(self, accept: Accept, config: CurrentCentreConfig) -> None:
        self._accept, self._config = accept, config

    async def left_out(self, tx: Tx, arrivals: Sequence[Arrival]) -> Result[list[Arrival]]:
        """The arrivals without those that are kept in quarantine since their record first came.

        What still waits there is let in, and the events tell of that.
        """
        others: list[Arrival] = []
        events: list[Outgoing] = []
        for arrival in arrivals:
            kept = await self._let_in(tx, arrival) if _is_replayed(arrival) else None
            if kept is None:
                others.append(arrival)
            else:
                events += kept
        return Result(others, events)

    async def _let_in(self, tx: Tx, arrival: Arrival) -> Sequence[Outgoing] | None:
        """The events of letting it in, if it still waits; None where it was never in quarantine."""
        quarantine_id = await quarantine.of_arrival(tx, arrival.key)
        if quarantine_id is None:
            return None
        item = await quarantine.waiting(tx, quarantine_id)
        if item is None:
            return ()
        [outcome], events = await self._accept.admit(tx, [arrival], await self._config.read(tx))
        await _settle(tx, item, outcome, arrival.received_at)
        return events


def _is_replayed(arrival: Arrival) -> bool:
    return arrival.cause is not None and arrival.cause.replayed


async def _waiting(tx: Tx, quarantine_id: UUID) -> Quarantined:
    """The item, locked until `tx` ends. Raises `Missing`, and `Conflict` if it was let in before."""
    item = await quarantine.waiting(tx, quarantine_id)
    if item:
        return item
    if await quarantine.one(tx, quarantine_id):
        raise Conflict("it was replayed before")
    raise Missing("there is nothing in quarantine under this id")


async def _settle(tx: Tx, item: Quarantined, outcome: Outcome, now: datetime) -> Replayed:
    """It was let in: it waits no more, and the tally moves it from quarantined to what it is now."""
    column, receipt = _received(outcome)
    await quarantine.replayed(tx, item.quarantine_id, receipt.contact_id, now)
    moved = {(item.channel, Column.QUARANTINED): -1, (item.channel, column): 1}
    await tally.add(tx, moved)
    return column, receipt


def _received(outcome: Outcome) -> Replayed:
    column = column_of(outcome)
    if column is None or isinstance(outcome, KeyReused):
        raise Conflict("something else came in under the same key")
    return column, outcome.receipt
