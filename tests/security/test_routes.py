"""Every route is on the page with its scope, and the server asks for that and nothing less."""

import asyncio
import re
from typing import Any

import httpx2
import pytest

from deploy.local.instance import ROOT
from shared.contracts.topics import SERVICES
from tests.security.serving import EVERYTHING, Server
from tools import generate, routes

PAGE = ROOT / "docs" / "routes.md"
ROW = re.compile(r"^\| `(\w+)` \| `(\S+)` \| `(\S+)` \|$", re.MULTILINE)
PUBLIC = "public"
AN_ID = "0190c0de-0000-7000-8000-000000000000"
UNAUTHENTICATED, DENIED = 401, 403


def written(service: str) -> list[tuple[str, str, str]]:
    """Every (method, path, scope) that the page gives for a service."""
    section = PAGE.read_text().partition(f"## {service.title()}\n")[2]
    return ROW.findall(section.partition("\n## ")[0])


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == routes.page()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows, ("/v1/secrets", "GET", PUBLIC)],
        lambda rows: [(path, method, PUBLIC) for path, method, _ in rows],
        lambda rows: rows[1:],
    ],
    ids=["a route without an entry", "a changed scope", "an entry without a route"],
)
def test_what_is_not_as_the_page_says_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: Any
) -> None:
    assert generate.pages(check=True) == 0
    true_table = routes.table
    monkeypatch.setattr(routes, "table", lambda name: change(true_table(name)))
    assert generate.pages(check=True) == 1
    assert "routes.md is stale" in capsys.readouterr().err


@pytest.mark.parametrize("service", SERVICES)
async def test_a_server_asks_for_the_scope_that_the_page_says(
    servers: dict[str, Server], service: str
) -> None:
    server = servers[service]
    assert len(written(service)) == len(await asyncio.to_thread(routes.table, service)) > 0
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        for method, path, scope in written(service):
            where = re.sub(r"{\w+}", AN_ID, path)
            others = server.bearer(scopes=set(EVERYTHING) - {scope})
            without = (await client.request(method, where)).status_code
            poor = (await client.request(method, where, headers=others)).status_code
            if scope == PUBLIC:
                assert {without, poor}.isdisjoint({UNAUTHENTICATED, DENIED}), path
            else:
                assert (without, poor) == (UNAUTHENTICATED, DENIED), path
