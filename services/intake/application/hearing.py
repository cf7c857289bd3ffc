"""What intake does with what it hears."""

from collections.abc import Sequence
from typing import cast

from services.intake.adapters import store_centre
from services.intake.adapters.rereading import of_event
from services.intake.application.accept import Accept
from services.intake.application.accounts import count_repeats
from services.intake.application.centre import CurrentCentre
from services.intake.application.deliveries import Requested, deliver
from services.intake.application.quarantine import InboxQuarantine, ReplayedEvents
from services.intake.domain.quarantine import Room
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted
from shared.contracts.routing import QueueChanged
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.dead_letters.letter import DeadLetter

Events = Sequence[Incoming[Event]]
Submitted = Incoming[ContactSubmitted]
ROOM = Room(max_count=10_000, max_bytes=256 * 2**20)


class Hearing:
    """One method for each pair of ears."""

    def __init__(
        self, accept: Accept, centre: CurrentCentre, clock: Clock, room: Room = ROOM
    ) -> None:
        self._accept, self._centre, self._clock = accept, centre, clock
        self._replayed = ReplayedEvents(accept, centre, clock)
        self._quarantine = InboxQuarantine(room, clock)

    async def contacts(self, tx: Tx, events: Events) -> list[Outgoing]:
        """Submitted contacts come in through the one use case, which says what there is to say."""
        now = self._clock.now()
        new = await self._replayed.left_out(tx, events)
        if new:
            arrivals = [of_event(event, now) for event in new]
            await self._accept(tx, arrivals, await self._centre.read(tx))
        return []

    async def repeated(self, tx: Tx, events: Events) -> None:
        """Contacts that were submitted again are counted; replays were when they first came."""
        new = await self._replayed.left_out(tx, events)
        await count_repeats(tx, (cast(Submitted, event).data.channel for event in new))

    async def unreadable(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """What its publisher got wrong goes to the quarantine, up to its bound."""
        await self._quarantine.keep_if_there_is_room(tx, letters)

    async def failed(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """What we failed over waits there, too, so that the accounts add up."""
        await self._quarantine.keep(tx, letters)

    async def deliveries(self, tx: Tx, events: Events) -> list[Outgoing]:
        """Messages to customers."""
        return await deliver(tx, cast(Sequence[Requested], events))

    async def queues(self, tx: Tx, events: Events) -> list[Outgoing]:
        """Queues and their forecasts, as routing sees them."""
        states = [(cast(QueueChanged, event.data), event.time) for event in events]
        await store_centre.keep_queues(tx, states)
        return []
