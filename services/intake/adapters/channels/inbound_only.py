"""Channels on which contacts come in and nothing can be delivered yet."""

from collections.abc import Callable

from services.intake.domain.address import ContactPoint
from services.intake.domain.delivery import LeasedMessage, Refused


class InboundOnlyChannel:
    """Somebody submits the contacts of this channel. Whom it brings gets replies on another, if any."""

    def __init__(self, point_of: Callable[[str], ContactPoint], *, is_open: bool = False) -> None:
        self._point_of = point_of
        self.is_open = is_open

    def point_of(self, address: str) -> ContactPoint:
        """The contact point of an address as it came over the channel; raises `Invalid`."""
        return self._point_of(address)

    def reaches(self, _: ContactPoint) -> bool:
        """Nobody."""
        return False

    async def deliver(self, message: LeasedMessage) -> Refused:
        """Refused: a message can only be queued for a channel that could deliver it at the time."""
        return Refused(f"no outbound channel for {message.channel}")

    async def close(self) -> None:
        """Nothing is open."""
