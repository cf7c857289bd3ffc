"""How long an agent who left a contact to others is not asked about it again.

Declining and letting an offer expire count alike. The pause doubles each time, so that a contact
which only one agent could take comes back to them soon at first, and then ever more seldom.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_DOUBLED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Declined:
    """How often an agent left a contact to others, and until when they are not asked about it."""

    times: int
    ask_again_at: datetime


@dataclass(frozen=True, slots=True)
class Pauses:
    """The first pause, and the longest to which it grows."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=5)

    @classmethod
    def of_seconds(cls, first: float, longest: float) -> "Pauses":
        """From two settings."""
        return cls(timedelta(seconds=first), timedelta(seconds=longest))

    def after(self, times: int) -> timedelta:
        """The pause after so many times."""
        return min(self.longest, self.first * (1 << min(times - 1, _DOUBLED_AT_MOST)))

    @property
    def until_longest(self) -> int:
        """After how many times the pause is the longest."""
        every = range(1, _DOUBLED_AT_MOST + 1)
        return next((n for n in every if self.after(n) == self.longest), _DOUBLED_AT_MOST + 1)


def decline(
    known: Mapping[str, Declined], agent_id: str, now: datetime, pauses: Pauses
) -> dict[str, Declined]:
    """What is known of a contact after this agent left it to others once more."""
    times = known[agent_id].times + 1 if agent_id in known else 1
    return {**known, agent_id: Declined(times, now + pauses.after(times))}


def count_anew(known: Mapping[str, Declined]) -> dict[str, Declined]:
    """Pauses that run are waited out; the next one is the first again."""
    return {agent_id: Declined(0, each.ask_again_at) for agent_id, each in known.items()}
