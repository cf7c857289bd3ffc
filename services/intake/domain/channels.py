"""Channels as decisions see them: how an address is spelled there, and whom we can reach there."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

import msgspec

from services.intake.domain.address import ContactPoint
from shared.contracts.values import Channel


class ChannelRules(Protocol):
    """What decisions must know of one channel."""

    @property
    def is_open(self) -> bool:
        """Whether customers can write to us there: we run a server for it, or its provider calls us."""
        ...

    def point_of(self, address: str) -> ContactPoint:
        """The contact point of an address as it came over the channel; raises `Invalid`."""
        ...

    def reaches(self, point: ContactPoint) -> bool:
        """Whether a message can be delivered to this contact point over the channel."""
        ...


class Destination(msgspec.Struct, frozen=True):
    """Where a message goes: over a channel, to a contact point."""

    channel: Channel
    contact_point_id: UUID


class Channels:
    """All channels there are. Where several reach a customer, those that are listed first are preferred."""

    def __init__(self, rules: Mapping[Channel, ChannelRules]) -> None:
        self._rules = rules

    def open(self) -> list[Channel]:
        """Those on which customers can write to us."""
        return [channel for channel, rules in self._rules.items() if rules.is_open]

    def point_of(self, channel: Channel, address: str) -> ContactPoint:
        """The contact point of an address as it came over a channel; raises `Invalid`."""
        return self._rules[channel].point_of(address)

    def destination(
        self, channel: Channel, points: Iterable[tuple[UUID, ContactPoint]]
    ) -> Destination | None:
        """Where a customer with these contact points is written to; None where nothing reaches them.

        The first point that can be reached counts, and it is reached over `channel` if that is possible:
        who wrote on one channel gets no reply on another without need.
        """
        for point_id, point in points:
            for candidate in (channel, *self._rules):
                if self._rules[candidate].reaches(point):
                    return Destination(candidate, point_id)
        return None
