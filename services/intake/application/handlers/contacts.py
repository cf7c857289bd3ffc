"""Contacts that other systems submit: the events of the inbox, and its records that cannot be read."""

from collections.abc import Sequence

from services.intake.application.centre_config import CurrentCentreConfig
from services.intake.application.commands.accept import Accept
from services.intake.application.commands.replay_quarantined import ReplayedEvents
from services.intake.application.quarantine import InboxQuarantine
from services.intake.application.tally import count_repeats
from services.intake.domain.arrival import Arrival
from services.intake.domain.quarantine_room import Room
from services.intake.domain.submission import Scene
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event
from shared.database.database import Tx
from shared.kernel.clock import Clock
from shared.messaging.consumer.handlers import Handlers, decide_in_order
from shared.messaging.dead_letters.letter import DeadLetter

Events = Sequence[Incoming[Event]]


class ContactHandler:
    """Makes arrivals of the events and accepts them like any others; each is counted once."""

    def __init__(
        self,
        table: Handlers[Arrival | None, Scene],
        accept: Accept,
        config: CurrentCentreConfig,
        clock: Clock,
        room: Room,
    ) -> None:
        self._table = table
        self._accept, self._config, self._clock = accept, config, clock
        self._replayed = ReplayedEvents(accept, config)
        self._quarantine = InboxQuarantine(room, clock)

    async def __call__(self, tx: Tx, events: Events) -> list[Outgoing]:
        """What is published of new events. Raises `Invalid` for what its publisher got wrong."""
        new, published = await self._replayed.left_out(tx, self._arrivals(events))
        accepted = await self._accept(tx, new, await self._config.read(tx)) if new else None
        return [*published, *(accepted.events if accepted else ())]

    async def repeated(self, tx: Tx, events: Events) -> None:
        """Events that were published again are counted; replays were when they first came.

        They publish nothing: their event had its effect, so whatever waits in quarantine is stored.
        """
        new, _ = await self._replayed.left_out(tx, self._arrivals(events))
        await count_repeats(tx, (arrival.channel for arrival in new))

    async def unreadable(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """What its publisher got wrong goes to the quarantine, up to its bound."""
        await self._quarantine.keep_if_there_is_room(tx, letters)

    async def failed(self, tx: Tx, letters: Sequence[DeadLetter]) -> None:
        """What we failed over waits there, too, so that the tally adds up."""
        await self._quarantine.keep(tx, letters)

    def _arrivals(self, events: Events) -> list[Arrival]:
        """In the order of the events; one that is there twice is two arrivals."""
        scene = Scene(self._config.channels, self._clock.now())
        keyed = list(enumerate(events))
        arrivals, _ = decide_in_order(self._table, dict.fromkeys(range(len(keyed))), keyed, scene)
        return [arrival for arrival in arrivals.values() if arrival]
