"""The centre's administration over HTTP."""

from services.routing.entrypoints.api.agents import Agent
from services.routing.entrypoints.api.queues import Queue
from shared.contracts.routing import AgentChanged, QueueChanged
from tests.integration.routing.api import Api, Json
from tests.integration.routing.world import World

QUEUE: Json = {
    "name": "Billing",
    "topics": [{"topic": "billing", "need": {"kind": "refund", "amount": 100, "currency": "EUR"}}],
    "languages": [],
    "skills": {"billing": 2},
    "service_target_seconds": 30,
    "rank": 10,
}
AGENT: Json = {
    "name": "Mara Feld",
    "skills": {"billing": 4},
    "languages": ["en", "de"],
    "capacity": {"email": 2, "chat": 0},
    "authorities": [{"kind": "refund", "limit": 100, "daily_budget": 900, "currency": "EUR"}],
}


async def test_a_queue_is_defined_shown_and_published(world: World, api: Api) -> None:
    put = await api.admin("PUT", "/v1/queues/billing", QUEUE)
    assert put.status_code == 200
    shown = await api.admin("GET", "/v1/queues/billing")
    assert shown.json() == put.json()
    assert Queue.model_validate(shown.json()).offer_timeout_seconds == 30
    assert (await api.admin("GET", "/v1/queues")).json() == {
        "queues": [shown.json()],
        "next": None,
    }
    [event] = await world.published(QueueChanged)
    assert (event.queue_id, event.topics[0].need.amount) == ("billing", 100)
    assert (await api.admin("GET", "/v1/queues/none")).status_code == 404


async def test_an_agent_is_defined_shown_and_published(world: World, api: Api) -> None:
    put = await api.admin("PUT", "/v1/agents/mara", AGENT)
    assert put.status_code == 200
    shown = Agent.model_validate((await api.admin("GET", "/v1/agents/mara")).json())
    assert (shown.name, shown.presence, shown.capacity) == ("Mara Feld", "offline", {"email": 2})
    assert (await api.admin("GET", "/v1/agents")).json() == {"agents": [put.json()], "next": None}
    [event] = await world.published(AgentChanged)
    assert event.personal.name == "Mara Feld"


async def test_agents_are_listed_in_pages_each_once(api: Api) -> None:
    for agent_id in ("c", "a", "e", "b", "d"):
        await api.admin("PUT", f"/v1/agents/{agent_id}", AGENT)
    pages, after = [], ""
    while after is not None:
        page = (await api.admin("GET", f"/v1/agents?limit=2&after={after}")).json()
        pages.append([agent["agent_id"] for agent in page["agents"]])
        after = page["next"]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert (await api.admin("GET", "/v1/agents?limit=1001")).status_code == 422


async def test_queues_are_listed_in_pages_each_once(api: Api) -> None:
    for queue_id in ("c", "a", "e", "b", "d"):
        await api.admin("PUT", f"/v1/queues/{queue_id}", QUEUE)
    pages, after = [], ""
    while after is not None:
        page = (await api.admin("GET", f"/v1/queues?limit=2&after={after}")).json()
        pages.append([queue["queue_id"] for queue in page["queues"]])
        after = page["next"]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]
    assert (await api.admin("GET", "/v1/queues?limit=1001")).status_code == 422


async def test_a_new_definition_leaves_presence_and_forecast_alone(world: World, api: Api) -> None:
    await api.admin("PUT", "/v1/agents/mara", AGENT)
    await api.put("/v1/desk/presence", {"presence": "ready"}, agent_id="mara")
    again = await api.admin("PUT", "/v1/agents/mara", {**AGENT, "name": "Mara Roth"})
    assert (again.json()["presence"], again.json()["name"]) == ("ready", "Mara Roth")


async def test_capacity_is_not_lowered_below_what_is_held(world: World, api: Api) -> None:
    await world.queue()
    await world.agent(slots=2)
    for _ in range(2):
        await world.receive()
    await world.dispatch()
    lower = await api.admin("PUT", "/v1/agents/ann", {**AGENT, "capacity": {"email": 1}})
    assert (lower.status_code, lower.json()["facts"]) == (409, {"reason": "capacity_held"})
    shown = (await api.admin("GET", "/v1/agents/ann")).json()
    assert shown["capacity"] == {"email": 2}
    assert (await api.admin("PUT", "/v1/agents/ann", AGENT)).status_code == 200


async def test_a_definition_that_makes_no_sense_is_refused(api: Api) -> None:
    for change in (
        {"authorities": AGENT["authorities"] * 2},
        {"capacity": {"pigeon": 1}},
        {"skills": {"billing": 6}},
        {"languages": ["english"]},
        {"speed": 9},
        {"name": "a\0b"},
    ):
        answer = await api.admin("PUT", "/v1/agents/mara", AGENT | change)
        assert answer.status_code == 422, change
    assert (await api.admin("PUT", "/v1/agents/Mara", AGENT)).status_code == 422
    assert (await api.admin("PUT", "/v1/queues/q", {**QUEUE, "rank": -1})).status_code == 422


async def test_an_overflow_queue_that_is_none_is_named(api: Api) -> None:
    unknown = await api.admin("PUT", "/v1/queues/billing", {**QUEUE, "overflow_queue_id": "nope"})
    assert (unknown.status_code, unknown.json()["detail"]) == (422, "there is no queue nope")
    itself = await api.admin("PUT", "/v1/queues/billing", {**QUEUE, "overflow_queue_id": "billing"})
    assert itself.status_code == 422
    assert itself.json()["detail"] == "a queue cannot overflow into itself"


async def test_agents_may_not_define_and_administrators_have_no_desk(api: Api) -> None:
    assert (await api.put("/v1/queues/billing", QUEUE)).status_code == 403
    assert (await api.admin("GET", "/v1/desk")).status_code == 403
    assert (await api.client.get("/v1/desk")).status_code == 401
