"""Every failure is answered as application/problem+json, on both paths, and echoes nothing."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from shared.http.app import HotRequest
from shared.http.auth import require
from shared.http.problems import STATUS, Unauthenticated
from shared.http.response import HttpResponse, json_response
from shared.kernel.errors import (
    Conflict,
    Denied,
    Failure,
    Invalid,
    Missing,
    Overloaded,
    Unavailable,
)
from tests.integration.http.serving import LIMIT, app_of, hot_route, serving, token

FAILURES: dict[str, Failure] = {
    "invalid": Invalid("why"),
    "missing": Missing("why"),
    "conflict": Conflict("why", limit=5),
    "denied": Denied("why"),
    "unauthenticated": Unauthenticated("why"),
    "unavailable": Unavailable("why"),
    "overloaded": Overloaded("why", retry_after_seconds=7),
}

JANE = "jane.doe@example.org"


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")
    age: int = Field(ge=0)
    tags: list[int] = []


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1", dependencies=[require("desk")])

    @router.post("/fail/{kind}")
    async def fail(kind: str) -> None:
        raise FAILURES[kind] if kind in FAILURES else RuntimeError(JANE)

    @router.post("/people")
    async def people(person: Person, depth: Annotated[int, Query(le=9)] = 1) -> Person:
        return person

    @router.get("/people")
    async def people_since(since: datetime) -> datetime:
        return since

    return router


async def hot(request: HotRequest) -> HttpResponse:
    kind = request.body.decode()
    if kind == "unexpected":
        raise RuntimeError(JANE)
    if kind in FAILURES:
        raise FAILURES[kind]
    return json_response(200, {"length": len(kind), "caller": request.caller.subject})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = app_of(tmp_path, [routes()], [hot_route(hot, "desk")])
    async with serving(app) as client:
        client.headers.update(token(tmp_path, "desk"))
        yield client


def problem(response: httpx2.Response, kind: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == STATUS[kind]
    body: dict[str, Any] = response.json()
    assert body["type"] == f"urn:rapport:problem:{kind}"
    assert body["status"] == response.status_code
    assert body["title"]
    assert JANE not in response.text
    return body


@pytest.mark.parametrize("kind", [*FAILURES, "unexpected"])
@pytest.mark.parametrize("place", ["routed", "hot"])
async def test_every_kind_of_failure_has_its_status(
    client: httpx2.AsyncClient, kind: str, place: str
) -> None:
    if place == "hot":
        response = await client.post("/v1/hot", content=kind)
    else:
        response = await client.post(f"/v1/fail/{kind}")
    body = problem(response, kind)
    assert body.get("detail") == (None if kind == "unexpected" else "why")


async def test_facts_and_waiting_times_are_in_the_response(client: httpx2.AsyncClient) -> None:
    assert problem(await client.post("/v1/fail/conflict"), "conflict")["facts"] == {"limit": 5}
    assert (await client.post("/v1/fail/unavailable")).headers["retry-after"] == "2"
    assert (await client.post("/v1/fail/overloaded")).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("sent", "place", "pointer"),
    [
        ({"json": {"age": JANE}}, "body", "/age"),
        ({"json": {"age": -1}}, "body", "/age"),
        ({"json": {}}, "body", "/age"),
        ({"json": {"age": 1, "tags": [1, JANE]}}, "body", "/tags/1"),
        ({"json": {"age": 1, "a/b~c": 1}}, "body", "/a~1b~0c"),
        ({"json": {"age": 1}, "params": {"depth": "99"}}, "query", "/depth"),
        ({"content": f"{{{JANE}", "headers": {"content-type": "application/json"}}, "body", ""),
        ({"content": b"\xff\xfe", "headers": {"content-type": "application/json"}}, "body", ""),
    ],
)
async def test_a_wrong_field_is_pointed_at_and_not_repeated(
    client: httpx2.AsyncClient, sent: dict[str, Any], place: str, pointer: str
) -> None:
    response = await client.post("/v1/people", **sent)
    [error] = problem(response, "invalid")["errors"]
    assert (error["in"], error["pointer"]) == (place, pointer)
    assert error["detail"]


async def test_unknown_places_and_methods_are_problems_too(client: httpx2.AsyncClient) -> None:
    nowhere = problem(await client.get("/v1/nowhere"), "missing")
    assert nowhere["detail"] == "there is no such path: GET /docs shows those there are"
    response = await client.delete("/v1/people")
    assert problem(response, "not-allowed")["detail"] == "this path takes GET, POST"
    assert response.headers["allow"] == "GET, POST"
    hot_too = problem(await client.put("/v1/hot"), "not-allowed")
    assert hot_too["detail"] == "this path takes POST"


async def test_a_time_whose_plus_was_read_as_a_blank_is_refused_with_how_to_write_it(
    client: httpx2.AsyncClient,
) -> None:
    typed = await client.get("/v1/people?since=2026-03-02T12:00:00+01:00")
    [error] = problem(typed, "invalid")["errors"]
    assert "+ must be written %2B" in error["detail"]
    [other] = problem(await client.get("/v1/people?since=soon"), "invalid")["errors"]
    assert "%2B" not in other["detail"]
    assert (await client.get("/v1/people?since=2026-03-02T12:00:00%2B01:00")).is_success


@pytest.mark.parametrize("path", ["/v1/people", "/v1/hot"])
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused(
    client: httpx2.AsyncClient, path: str, announced: bool
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"1" * (LIMIT // 4)

    content = b"1" * (LIMIT + 1) if announced else pieces()
    headers = {"content-type": "application/json"}
    refused = problem(await client.post(path, content=content, headers=headers), "too-large")
    assert refused["detail"] == f"a body has at most {LIMIT} bytes"


async def test_a_body_at_the_limit_is_taken(client: httpx2.AsyncClient) -> None:
    response = await client.post("/v1/hot", content=b"1" * LIMIT)
    assert response.json() == {"length": LIMIT, "caller": "tester"}


async def test_the_document_says_how_an_operation_can_be_refused_by_its_nature(
    client: httpx2.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    guarded = {"401", "403", "409", "422", "429", "503"}
    refused = {
        "/v1/fail/{kind}": guarded | {"404"},
        "/v1/people": guarded | {"400", "413", "415"},
        "/v1/hot": guarded,
    }
    for path, operations in document["paths"].items():
        responses = operations["post"]["responses"]
        assert set(responses) == refused[path] | {"200"}
        for status in refused[path]:
            kind = responses[status]["$ref"].removeprefix("#/components/responses/")
            assert STATUS[kind] == int(status)
            common = document["components"]["responses"][kind]
            assert list(common["content"]) == ["application/problem+json"]
        assert operations["post"]["security"] == [{"bearer": ["desk"]}]
    assert "HTTPValidationError" not in str(document)
