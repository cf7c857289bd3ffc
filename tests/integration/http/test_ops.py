"""The operators' server says alive, ready and why not, and gives the metrics."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from shared.http import ops
from shared.http.ops import OpsApp
from shared.http.server import HttpServer
from shared.kernel.errors import Unavailable
from tests.integration.http.serving import serving


class Trouble:
    """A part that is well until it is set otherwise."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs = self.clings = False
        self.released = asyncio.Event()

    async def check(self) -> None:
        if self.error is not None:
            raise self.error
        if self.hangs:
            try:
                await asyncio.Event().wait()
            finally:
                if self.clings:
                    await self.released.wait()


@pytest.fixture
def trouble() -> Trouble:
    return Trouble()


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def client(trouble: Trouble, stop: asyncio.Event) -> AsyncIterator[httpx2.AsyncClient]:
    async def well() -> None: ...

    app = OpsApp({"database": well, "broker": trouble.check}, stop)
    server = HttpServer(app, host="127.0.0.1", port=0, drain_seconds=1)
    end = asyncio.Event()
    running = asyncio.create_task(server.run(end))
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client
    end.set()
    await running


async def test_what_only_some_of_the_work_needs_is_shown_and_sends_nobody_away(
    trouble: Trouble, stop: asyncio.Event
) -> None:
    async def well() -> None: ...

    trouble.error = Unavailable("the store is away")
    async with serving(OpsApp({"database": well}, stop, {"attachments": trouble.check})) as client:
        shown = await client.get("/readyz")
        trouble.error = None
        again = await client.get("/readyz")
    checks = {"database": "ok", "attachments": "the store is away"}
    assert (shown.status_code, shown.json()) == (200, {"ready": True, "checks": checks})
    assert again.json()["checks"]["attachments"] == "ok"


async def test_ready_when_every_check_passes(client: httpx2.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "checks": {"database": "ok", "broker": "ok"}}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unavailable("broker: away"), "broker: away"), (ValueError("jane@example.org"), "ValueError")],
)
async def test_not_ready_says_why_and_alive_stays(
    client: httpx2.AsyncClient, trouble: Trouble, error: Exception, reason: str
) -> None:
    trouble.error = error
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "checks": {"database": "ok", "broker": reason}}
    assert (await client.get("/livez")).status_code == 200


async def test_a_check_that_hangs_is_a_check_that_fails(
    client: httpx2.AsyncClient, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "CHECK_SECONDS", 0.05)
    trouble.hangs = True
    assert (await client.get("/readyz")).json()["checks"]["broker"] == "no answer in 0.05 s"


async def test_no_check_keeps_the_answer_waiting_by_being_slow_to_give_up(
    client: httpx2.AsyncClient, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "CHECK_SECONDS", 0.05)
    trouble.hangs = trouble.clings = True
    async with asyncio.timeout(5):
        assert (await client.get("/readyz")).json()["checks"]["broker"] == "no answer in 0.05 s"
    trouble.released.set()


async def test_a_stopping_process_is_not_ready(
    client: httpx2.AsyncClient, stop: asyncio.Event
) -> None:
    stop.set()
    response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["process"] == "is stopping"


async def test_metrics_are_in_prometheus_text(client: httpx2.AsyncClient) -> None:
    response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "# TYPE rapport_http_requests_total counter" in response.text
    assert "_created" not in response.text


async def test_there_is_nothing_else(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/")).status_code == 404
