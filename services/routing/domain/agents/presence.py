"""Whether an agent is there: theirs to say, until they leave too many offers without an answer."""

from collections.abc import Mapping

import msgspec

from shared.contracts.routing import AgentChanged, Presence


def keep_presence(agent: AgentChanged, known: AgentChanged | None) -> AgentChanged:
    """A new definition with the presence the agent has; who is new is offline."""
    presence = known.presence if known else Presence.OFFLINE
    return msgspec.structs.replace(agent, presence=presence)


def unresponsive(missed: Mapping[str, int], limit: int) -> list[str]:
    """Who let so many offers expire in a row that they are not there: offers should go to others."""
    return [agent_id for agent_id, in_a_row in missed.items() if in_a_row >= limit]
