"""The port of a channel: what intake asks of each, and all that it knows of any."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from services.intake.domain.arrival import Arrival
from services.intake.domain.channels import ChannelRules
from services.intake.domain.delivery import DeliveryOutcome, LeasedMessage
from services.intake.domain.mail import Envelope
from shared.contracts.trace_context import TraceContext


class ChannelPort(ChannelRules, Protocol):
    """A channel: its rules, and the delivery of a message. It opens what it needs when it is needed."""

    async def deliver(self, message: LeasedMessage) -> DeliveryOutcome:
        """Try once to hand over a message to a contact point that the channel reaches; never raises for it.

        The same message may be handed over again: its id is what the provider may tell that by.
        """
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


@runtime_checkable
class WebhookChannel(Protocol):
    """A channel whose provider calls us over HTTP with what came in."""

    def read(
        self, content: bytes, received_at: datetime, trace: TraceContext | None = None
    ) -> Arrival:
        """The arrival in a call; the same thing sent again has the same key. Raises `Invalid`."""
        ...


class MailReader(Protocol):
    """Who reads mails: bytes with their envelope become an arrival."""

    async def read(
        self,
        content: bytes,
        envelope: Envelope,
        received_at: datetime,
        trace: TraceContext | None = None,
    ) -> Arrival:
        """The arrival in a mail. Raises `Invalid` where there is none, and `Unavailable`."""
        ...
