"""The decision once more, as plainly and slowly as it can be said."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.routing.domain.agents.model import Agent
from services.routing.domain.matching.model import Waiting
from shared.contracts.routing import PassedOver, Presence
from shared.contracts.values import Channel, Need

Reasons = dict[str, PassedOver | None]


def expected(
    waiting: Sequence[Waiting], agents: Sequence[Agent], now: datetime
) -> dict[UUID, Reasons]:
    """For each contact that is placed, why each agent was passed over; None marks the chosen one."""
    world = _World(agents, now)
    end_of_time = datetime.max.replace(tzinfo=UTC)
    line = sorted(
        waiting,
        key=lambda c: (
            0 if c.precedence else 1,
            c.promise_due_at or end_of_time,
            c.priority,
            c.received_at,
            c.contact_id,
        ),
    )
    answers = {contact.contact_id: world.place(contact) for contact in line}
    return {contact_id: reasons for contact_id, reasons in answers.items() if reasons}


class _World:
    def __init__(self, agents: Sequence[Agent], now: datetime) -> None:
        self.now = now
        self.line = sorted(agents, key=lambda a: (a.idle_since, a.agent_id))
        self.used: dict[tuple[str, Channel], int] = {}

    def place(self, contact: Waiting) -> Reasons | None:
        reasons = {agent.agent_id: self.reason(contact, agent) for agent in self.line}
        eligible = [agent for agent in self.line if reasons[agent.agent_id] is None]
        if not eligible:
            return None
        chosen = next((a for a in eligible if a.agent_id == contact.preferred_agent), eligible[0])
        for agent in eligible:
            if agent is not chosen:
                reasons[agent.agent_id] = PassedOver.LESS_FIT
        place = (chosen.agent_id, contact.channel)
        self.used[place] = self.used.get(place, 0) + 1
        self.line.remove(chosen)
        self.line.append(chosen)
        return reasons

    def reason(self, contact: Waiting, agent: Agent) -> PassedOver | None:
        if (why := self.disability(contact, agent)) is not None:
            return why
        used = self.used.get((agent.agent_id, contact.channel), 0)
        if len(agent.free.get(contact.channel, ())) <= used:
            return PassedOver.CAPACITY
        if agent.agent_id in contact.excluded:
            return PassedOver.DECLINED
        if agent.agent_id in contact.declined and (
            self.somebody_else(contact)
            or contact.ask_again_at.get(agent.agent_id, self.now) > self.now
        ):
            return PassedOver.DECLINED
        return None

    def disability(self, contact: Waiting, agent: Agent) -> PassedOver | None:
        if agent.presence is not Presence.READY:
            return PassedOver.PRESENCE
        if not skilled(contact, agent):
            return PassedOver.SKILL
        speakers = [a for a in self.line if skilled(contact, a) and contact.language in a.languages]
        if speakers and contact.language not in agent.languages:
            return PassedOver.LANGUAGE
        if contact.need is not None and not may(agent, contact.need, self.now):
            return PassedOver.AUTHORITY
        return None

    def somebody_else(self, contact: Waiting) -> bool:
        return any(
            self.disability(contact, agent) is None
            for agent in self.line
            if agent.agent_id not in contact.declined | contact.excluded
        )


def skilled(contact: Waiting, agent: Agent) -> bool:
    return all(agent.skills.get(name, 0) >= level for name, level in contact.skills.items())


def may(agent: Agent, need: Need, now: datetime) -> bool:
    for each in agent.authorities.held:
        if (each.kind, each.currency) == (need.kind, need.currency):
            spent = agent.authorities.spent_today.get((need.kind, need.currency), 0)
            valid = each.expires_at is None or each.expires_at > now
            return valid and need.amount <= each.limit and spent + need.amount <= each.daily_budget
    return False
