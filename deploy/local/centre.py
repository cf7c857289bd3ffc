"""A contact centre, defined through the services' own APIs as any other system would."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx2

Json = dict[str, Any]


class Centre(NamedTuple):
    """Queues and agents by their ids, and the topic rules, each as its route takes it."""

    queues: Mapping[str, Json]
    agents: Mapping[str, Json]
    topic_rules: Sequence[Json]


async def open_centre(
    centre: Centre, routing: httpx2.AsyncClient, intake: httpx2.AsyncClient
) -> None:
    """Define all of it. Raises `httpx2.HTTPStatusError` for what is refused."""
    for queue_id, queue in centre.queues.items():
        (await routing.put(f"/v1/queues/{queue_id}", json=queue)).raise_for_status()
    for agent_id, agent in centre.agents.items():
        (await routing.put(f"/v1/agents/{agent_id}", json=agent)).raise_for_status()
    rules = {"rules": list(centre.topic_rules)}
    (await intake.put("/v1/topic-rules", json=rules)).raise_for_status()
