"""The story that routing's page `/docs` tells can be walked, each step with the example that is shown."""

from typing import Any

from services.routing.entrypoints.api.walk import WALK
from shared.contracts.values import Channel
from shared.http.docs.page import Step
from shared.http.docs.samples import SAMPLES
from tests.integration.http.serving import app_named
from tests.integration.routing.api import Api
from tests.integration.routing.world import World, refund

ANA = SAMPLES["agent_id"]
STREAM = "/v1/desk/events"


def sent(document: dict[str, Any], step: Step) -> dict[str, Any] | None:
    """The body that is shown for a step."""
    content = (
        document["paths"][step.path][step.method.lower()].get("requestBody", {}).get("content")
    )
    return content["application/json"]["example"] if content else None


async def test_every_step_of_the_walk_through_a_desk_works_as_shown(world: World, api: Api) -> None:
    document = (await app_named("routing")).api.openapi()
    found = {"queue_id": SAMPLES["queue_id"], "agent_id": ANA}
    for number, step in enumerate(WALK):
        headers = api.headers(ANA, "desk", "routing.admin", key=f"step-{number}")
        if step.path == STREAM:
            found |= await offered(world, api)
            continue
        path, body = step.path.format_map(found), sent(document, step)
        answer = await api.client.request(step.method, path, json=body, headers=headers)
        assert answer.is_success, f"{step}: {answer.text}"
    desk = (await api.get("/v1/desk", ANA)).json()
    assert desk["offers"] == desk["assignments"] == []


async def offered(world: World, api: Api) -> dict[str, str]:
    """A contact comes in, and the stream shows that it is offered: the ids of both."""
    async with api.events(ANA) as events:
        await anext(events)
        need = refund(SAMPLES["amount"])
        await world.receive(topic=SAMPLES["topic"], channel=Channel.EMAIL, need=need)
        await world.dispatch()
        async for _, desk in events:
            if desk["offers"]:
                (offer,) = desk["offers"]
                return {"offer_id": offer["offer_id"], "contact_id": offer["contact_id"]}
    raise AssertionError("nothing was offered")
