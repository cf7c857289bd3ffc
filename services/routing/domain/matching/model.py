"""What a match is about: contacts that wait, what they ask of an agent, and where they are placed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.routing.domain.agents.authority import BudgetKey
from shared.contracts.routing import Candidate, PassedOver
from shared.contracts.values import Channel, Need


class Asks(Protocol):
    """What is asked of an agent, apart from the need."""

    @property
    def channel(self) -> Channel: ...
    @property
    def language(self) -> str: ...
    @property
    def skills(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchGroup:
    """Contacts that ask the same of an agent, whatever the amount of their needs.

    `budget_key` names the budget their needs are taken from; None for contacts without a need.
    """

    queue_id: str
    channel: Channel
    language: str
    budget_key: BudgetKey | None = None
    skills: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The group as one word of its table; skills are its queue's."""
        return " ".join((self.queue_id, self.channel, self.language, *(self.budget_key or ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A contact that waits, and what it takes. `skills` are its queue's, with their least levels.

    Priority 1 is the most urgent and 9 the least. Who `declined` is asked again only when everybody
    able has declined, and not before the moment in `ask_again_at`; who is `excluded` is not.
    """

    contact_id: UUID
    queue_id: str
    channel: Channel
    language: str
    received_at: datetime
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int = 5
    promise_due_at: datetime | None = None
    need: Need | None = None
    precedence: bool = False
    preferred_agent: str | None = None
    declined: frozenset[str] = frozenset()
    ask_again_at: Mapping[str, datetime] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A contact and the agent it is to be offered to, in which slot and within which limit.

    `free_since`: since when the agent could have been asked for this contact. `candidates` names the
    chosen agent and the nearest of the others, each with the reason they were passed over;
    `passed_over` counts everybody else.
    """

    contact_id: UUID
    agent_id: str
    slot: int
    free_since: datetime
    authority_limit: int | None
    candidates: tuple[Candidate, ...]
    passed_over: dict[PassedOver, int]
