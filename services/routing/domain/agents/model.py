"""An agent as decisions see them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.routing.domain.agents.authority import Authorities
from shared.contracts.routing import Presence
from shared.contracts.values import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent at one moment; `free` lists the free slots of each channel."""

    agent_id: str
    presence: Presence
    idle_since: datetime
    skills: Mapping[str, int] = field(default_factory=dict)
    languages: Collection[str] = ()
    authorities: Authorities = field(default_factory=Authorities)
    free: Mapping[Channel, Sequence[int]] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """The free slots of the channel on which there are most."""
        return max(map(len, self.free.values()), default=0)
