"""What an agent must meet to be offered a contact, in the order in which it is asked."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from services.routing.domain.matching.agent_pool import AgentPool
from services.routing.domain.matching.model import Asks, Waiting
from shared.contracts.routing import PassedOver


def serving(asks: Asks, pool: AgentPool) -> int:
    """Who is ready, skilled and speaks the language, whatever they may grant and hold."""
    return _present(asks, pool) & _skilled(asks, pool) & _speaking(asks, pool)


def _present(_asks: Asks, pool: AgentPool) -> int:
    return pool.ready()


def _skilled(asks: Asks, pool: AgentPool) -> int:
    return pool.skilled(asks.skills)


def _speaking(asks: Asks, pool: AgentPool) -> int:
    """Who speaks it; everybody, if no agent with the skills does: better somebody than nobody."""
    speakers = pool.speaking(asks.language)
    return speakers if speakers & _skilled(asks, pool) else pool.everybody


def _authorized(contact: Waiting, pool: AgentPool) -> int:
    return pool.authorized(contact.need)


def _with_room(asks: Asks, pool: AgentPool) -> int:
    return pool.with_room(asks.channel)


def _willing(contact: Waiting, pool: AgentPool) -> int:
    """Who has not declined; when everybody able has, whoever's pause is over. Never who is excluded."""
    asked = pool.everybody & ~pool.members(contact.excluded)
    if not contact.declined:
        return asked
    willing = asked & ~pool.members(contact.declined)
    able = serving(contact, pool) & _authorized(contact, pool)
    return willing if able & willing else asked & ~pool.members(_pausing(contact, pool.now))


def _pausing(contact: Waiting, now: datetime) -> Iterable[str]:
    return (agent_id for agent_id, moment in contact.ask_again_at.items() if moment > now)


CRITERIA: Mapping[PassedOver, Callable[[Waiting, AgentPool], int]] = {
    PassedOver.PRESENCE: _present,
    PassedOver.SKILL: _skilled,
    PassedOver.LANGUAGE: _speaking,
    PassedOver.AUTHORITY: _authorized,
    PassedOver.CAPACITY: _with_room,
    PassedOver.DECLINED: _willing,
}
"""What an agent must meet, in the order in which it is asked: who does, and what the others count as."""
