"""The same request with the same Idempotency-Key is done once, whatever comes in between."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from shared.http.idempotency import Ask, fingerprint_of
from tests.security.seeds import Known
from tests.security.serving import AGENT, Server

STEP = {"step": "hear", "evidence": "read it twice"}
MANY = 50


@pytest.fixture
def contact(known: dict[str, Known]) -> str:
    """The path of a contact that the agent holds."""
    return f"/v1/contacts/{next(known['routing']['contact_id'])}"


def key(value: str = "") -> dict[str, str]:
    return {"idempotency-key": value or str(uuid4())}


async def steps(client: httpx2.AsyncClient, contact: str) -> list[Any]:
    found: list[Any] = (await client.get(contact)).json()["help_steps"]
    return found


async def test_the_same_request_gets_the_same_response_and_is_done_once(
    servers: dict[str, Server], contact: str
) -> None:
    again = key()
    async with servers["routing"].client() as client:
        first, second = [
            await client.post(f"{contact}/help-steps", json=STEP, headers=again) for _ in range(2)
        ]
        assert len(await steps(client, contact)) == 1
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"


async def test_another_body_under_the_same_key_is_422_and_not_done(
    servers: dict[str, Server], contact: str
) -> None:
    again = key()
    async with servers["routing"].client() as client:
        await client.post(f"{contact}/help-steps", json=STEP, headers=again)
        other = await client.post(
            f"{contact}/help-steps", json=STEP | {"evidence": "!"}, headers=again
        )
        assert len(await steps(client, contact)) == 1
    assert other.status_code == 422


async def test_the_same_key_elsewhere_is_another_key(
    servers: dict[str, Server], contact: str
) -> None:
    again = key()
    async with servers["routing"].client() as client:
        step = await client.post(f"{contact}/help-steps", json=STEP, headers=again)
        reply = await client.post(f"{contact}/replies", json={"text": "On its way"}, headers=again)
        stranger = servers["routing"].bearer("somebody-else")
        theirs = await client.post(f"{contact}/help-steps", json=STEP, headers=again | stranger)
    assert (step.status_code, reply.status_code) == (201, 202)
    assert theirs.status_code == 404


async def test_what_was_refused_may_be_tried_again_under_its_key(
    servers: dict[str, Server], contact: str
) -> None:
    again = key()
    async with servers["routing"].client() as client:
        wrong = await client.post(f"{contact}/transfer", json={"queue_id": "no"}, headers=again)
        right = await client.post(
            f"{contact}/transfer", json={"queue_id": "general"}, headers=again
        )
    assert (wrong.status_code, right.status_code) == (404, 200)


async def test_while_a_twin_is_running_the_second_is_409_at_once(
    servers: dict[str, Server], contact: str
) -> None:
    again = key()
    path = f"{contact}/help-steps"
    server = servers["routing"]
    twin = await asyncpg.connect(server.dsn)
    ask = Ask(AGENT, f"POST {path}", again["idempotency-key"], fingerprint_of(b""))
    try:
        async with twin.transaction(), server.client() as client:
            await twin.execute("select pg_advisory_xact_lock($1)", ask.lock)
            waiting = await asyncio.wait_for(client.post(path, json=STEP, headers=again), 5)
        async with server.client() as client:
            done = await client.post(path, json=STEP, headers=again)
    finally:
        await twin.close()
    assert (waiting.status_code, done.status_code) == (409, 201)


@pytest.mark.parametrize(
    ("what", "body", "done"),
    [
        ("help-steps", STEP, 201),
        ("replies", {"text": "On its way"}, 202),
        ("actions", {"kind": "refund", "amount": 1, "currency": "EUR"}, 201),
        ("escalate", {"note": "please"}, 200),
        ("resolve", {"outcome": "solved"}, 200),
    ],
)
async def test_fifty_at_once_under_one_key_are_one(
    servers: dict[str, Server], contact: str, what: str, body: dict[str, Any], done: int
) -> None:
    again = key()
    async with servers["routing"].client() as client:
        posts = [client.post(f"{contact}/{what}", json=body, headers=again) for _ in range(MANY)]
        responses = await asyncio.gather(*posts)
        final = await client.post(f"{contact}/{what}", json=body, headers=again)
    statuses = Counter(response.status_code for response in responses)
    assert statuses.keys() <= {done, 409}
    made = [response for response in responses if response.status_code == done]
    assert {response.content for response in made} == {final.content}
    assert sum("idempotency-replayed" not in response.headers for response in made) == 1


@pytest.mark.parametrize("bad", [b"", b"k" * 256, "schlüssel".encode(), b"a\tb", b"\xff"])
@pytest.mark.parametrize("service", ["intake", "routing"])
async def test_a_key_that_is_none_is_422(
    servers: dict[str, Server], contact: str, service: str, bad: bytes
) -> None:
    path, body = {
        "intake": (
            "/v1/contacts",
            {"reference": "1", "channel": "web", "personal": {"address": "a@b.org", "text": "x"}},
        ),
        "routing": (f"{contact}/help-steps", STEP),
    }[service]
    async with servers[service].client() as client:
        response = await client.post(path, json=body, headers=[(b"idempotency-key", bad)])
    assert response.status_code == 422
