"""The app: every route guarded, every response with safe headers, every request measured and traced."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.http.app import App, HotRequest
from shared.http.auth import Caller, public, require
from shared.http.response import HttpResponse, json_response
from shared.http.stream import event_stream
from shared.observability import tracing
from shared.settings import TelemetrySettings
from tests.integration.http.serving import app_of, hot_route, serving, token
from tests.support.eventually import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
JANE = "jane.doe@example.org"


def routes() -> APIRouter:
    router = APIRouter(prefix="/v1")

    def signed_in(caller: Annotated[Caller, require("desk")]) -> Caller:
        return caller

    @router.get("/me/{anything}")
    async def me(anything: str, caller: Annotated[Caller, Depends(signed_in)]) -> str:
        return caller.subject

    @router.post("/notes", dependencies=[require("desk")])
    async def notes(note: dict[str, str]) -> int:
        return len(note)

    @router.get("/hours", dependencies=[public()])
    async def hours() -> str:
        return "always"

    @router.get("/live", dependencies=[public()])
    async def live(request: Request) -> EventSourceResponse:
        return event_stream(request, _events())

    return router


async def _events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="offer", data="1")
    await asyncio.Event().wait()


async def hot(request: HotRequest) -> HttpResponse:
    return json_response(202, request.header(b"x-test"))


@pytest.fixture
def app(tmp_path: Path) -> App:
    return app_of(tmp_path, [routes()], [hot_route(hot, "contacts.write")])


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    settings = TelemetrySettings(sample_ratio=0)
    tracing.configure(settings, service="tests", role="api", processor=processor)
    yield exporter
    tracing.shut_down()


def test_the_route_table_names_every_route_with_its_scope(app: App) -> None:
    assert set(app.route_table()) == {
        ("GET", "/openapi.json", "public"),
        ("HEAD", "/openapi.json", "public"),
        ("GET", "/docs", "public"),
        ("GET", "/v1/me/{anything}", "desk"),
        ("POST", "/v1/notes", "desk"),
        ("GET", "/v1/hours", "public"),
        ("POST", "/v1/hot", "contacts.write"),
        ("GET", "/v1/live", "public"),
    }


def test_a_route_without_a_gate_cannot_start(tmp_path: Path) -> None:
    router = APIRouter(prefix="/v1")

    @router.get("/open")
    async def open_to_all() -> None: ...

    with pytest.raises(ValueError, match="/v1/open has no gate"):
        app_of(tmp_path, [router])


def test_a_hot_route_is_in_the_document_with_its_scope(app: App) -> None:
    operation = app.api.openapi()["paths"]["/v1/hot"]["post"]
    assert operation["security"] == [{"bearer": ["contacts.write"]}]
    assert {"200", "401", "403", "409", "429", "503"} <= set(operation["responses"])


async def test_a_hot_path_with_another_method_is_not_allowed(app: App) -> None:
    async with serving(app) as client:
        refused = await client.get("/v1/hot")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/me/1"), ("POST", "/v1/hot")])
async def test_a_guarded_route_wants_a_token_with_its_scope(
    app: App, tmp_path: Path, method: str, path: str
) -> None:
    async with serving(app) as client:
        without = await client.request(method, path)
        wrong = await client.request(method, path, headers={"authorization": "Bearer x"})
        poor = await client.request(method, path, headers=token(tmp_path, "other"))
        rich = await client.request(method, path, headers=token(tmp_path, "desk", "contacts.write"))
    assert without.status_code == wrong.status_code == 401
    assert without.headers["www-authenticate"] == 'Bearer realm="rapport"'
    assert without.json()["detail"] == "send a token: `Authorization: Bearer …`"
    assert wrong.headers["www-authenticate"] == 'Bearer realm="rapport", error="invalid_token"'
    assert wrong.json()["detail"] == "the token is not believed"
    assert poor.status_code == 403
    assert 'error="insufficient_scope", scope="' in poor.headers["www-authenticate"]
    assert rich.is_success


async def test_who_is_not_let_in_is_refused_before_a_byte_is_read(app: App, tmp_path: Path) -> None:
    async with serving(app) as client:
        client.headers["content-type"] = "application/json"
        stranger = await client.post("/v1/notes", content=b"{")
        poor = await client.post("/v1/notes", content=b"{", headers=token(tmp_path, "other"))
        rich = await client.post("/v1/notes", content=b"{", headers=token(tmp_path, "desk"))
    assert [stranger.status_code, poor.status_code, rich.status_code] == [401, 403, 422]


async def test_a_public_route_wants_nothing(app: App) -> None:
    async with serving(app) as client:
        assert (await client.get("/v1/hours")).json() == "always"


@pytest.mark.parametrize("path", ["/v1/hours", "/v1/hot", "/nowhere", "/v1/me/1"])
async def test_every_answer_has_safe_headers(app: App, path: str) -> None:
    async with serving(app) as client:
        headers = (await client.post(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


async def test_the_page_that_loads_scripts_from_elsewhere_is_not_there(app: App) -> None:
    async with serving(app) as client:
        assert (await client.get("/redoc")).status_code == 404


async def test_requests_are_counted_by_template_and_never_by_path(app: App, tmp_path: Path) -> None:
    labels = {"method": "GET", "route": "/v1/me/{anything}", "status": "200"}
    before = REGISTRY.get_sample_value("rapport_http_requests_total", labels) or 0
    async with serving(app) as client:
        await client.get(f"/v1/me/{JANE}", headers=token(tmp_path, "desk"))
        await client.get(f"/{JANE}")
        await client.request("JANE", "/v1/hours")
    assert REGISTRY.get_sample_value("rapport_http_requests_total", labels) == before + 1
    values = [
        value
        for family in REGISTRY.collect()
        for sample in family.samples
        for value in sample.labels.values()
    ]
    assert not [value for value in values if "jane" in value.lower()]


@pytest.mark.parametrize(
    ("path", "name"),
    [(f"/v1/me/{JANE}", "GET /v1/me/{anything}"), ("/v1/hot", "POST /v1/hot")],
)
async def test_a_request_continues_the_callers_trace(
    app: App, tmp_path: Path, spans: InMemorySpanExporter, path: str, name: str
) -> None:
    headers = token(tmp_path, "desk", "contacts.write") | PARENT
    async with serving(app) as client:
        await client.request(name.split(maxsplit=1)[0], path, headers=headers)
    [span] = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.name == name
    assert dict(span.attributes or {}).keys() == {
        "http.request.method",
        "http.route",
        "http.response.status_code",
    }
    assert JANE not in span.to_json()


async def test_a_stream_says_bye_when_the_process_stops(app: App) -> None:
    async with serving(app) as client, client.stream("GET", "/v1/live") as response:
        lines = response.aiter_lines()
        assert await anext(lines) == "event: offer"
        await eventually(stream_count(1))
        app.closing.set()
        rest = [line async for line in lines]
    assert "event: bye" in rest
    await eventually(stream_count(0))


async def test_a_stream_whose_client_goes_away_ends(app: App) -> None:
    async with serving(app) as client:
        async with client.stream("GET", "/v1/live"):
            await eventually(stream_count(1))
        await eventually(stream_count(0))


def stream_count(number: int) -> Callable[[], bool]:
    def holds() -> bool:
        found = REGISTRY.get_sample_value("rapport_http_streams", {"route": "/v1/live"})
        return found == number

    return holds
