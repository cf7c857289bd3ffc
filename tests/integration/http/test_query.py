"""A query parameter that a route does not know is refused by its name; on a page behind a link it is not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, Query

from shared.http.app import HotRequest
from shared.http.auth import linked, public, require
from shared.http.response import HttpResponse, json_response
from tests.integration.http.serving import app_of, hot_route, serving, token

TRACKED = "utm_source=mail&utm_campaign=x&gclid=1&"


def page(size: int = 50) -> int:
    return size


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1")

    @router.get("/figures", dependencies=[require("desk")])
    async def figures(
        size: Annotated[int, Depends(page)], start: Annotated[str, Query(alias="from")] = ""
    ) -> str:
        return f"{start} {size}"

    @router.get("/hours", dependencies=[public()])
    async def hours() -> str:
        return "always"

    @router.get("/questions/{token}", dependencies=[linked()])
    async def question(token: str, language: str = "en") -> str:
        return f"{token} {language}"

    return router


async def hot(_: HotRequest) -> HttpResponse:
    return json_response(200, "taken")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(app_of(tmp_path, [routes()], [hot_route(hot, "desk")])) as client:
        client.headers.update(token(tmp_path, "desk"))
        yield client


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("GET", "/v1/figures?from=x&", "only from, size"),
        ("GET", "/v1/hours?", "no parameters"),
        ("POST", "/v1/hot?", "no parameters"),
    ],
)
async def test_an_unknown_parameter_is_refused_by_its_name(
    client: httpx2.AsyncClient, method: str, path: str, taken: str
) -> None:
    answer = await client.request(method, f"{path}figur=contacts&a/b=&figur=2")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["detail"] == "there is no such parameter: a/b, figur"
    assert [error["pointer"] for error in body["errors"]] == ["/a~1b", "/figur"]
    for error in body["errors"]:
        assert (error["in"], error["detail"]) == ("query", f"this route takes {taken}")
    assert "contacts" not in answer.text


async def test_a_parameter_that_is_documented_is_taken_wherever_it_is_declared(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/v1/figures?from=x&size=7")).json() == "x 7"


@pytest.mark.parametrize("path", ["/docs?", "/openapi.json?", "/v1/questions/t?language=de&"])
async def test_what_a_mailer_added_to_a_link_is_passed_over(
    client: httpx2.AsyncClient, path: str
) -> None:
    assert (await client.get(path + TRACKED)).is_success


async def test_who_is_not_let_in_learns_nothing_of_the_parameters(
    client: httpx2.AsyncClient,
) -> None:
    del client.headers["authorization"]
    assert (await client.get("/v1/figures?figur=contacts")).status_code == 401
    assert (await client.post("/v1/hot?figur=contacts")).status_code == 401
