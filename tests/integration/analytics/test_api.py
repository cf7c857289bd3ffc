"""The figures over real sockets, with real tokens."""

from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from deploy.local.tokens import TokenIssuer
from services.analytics.domain.figures.registry import DEFINITIONS
from services.analytics.settings import Settings
from tests.integration.analytics.conftest import ask, consume
from tests.support.life import NOON, Life, whole_life

HOUR = {"from": "2026-03-02T12:00:00Z", "to": "2026-03-02T13:00:00Z"}
DAY = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}


async def test_an_empty_database_gives_a_complete_empty_answer(client: httpx2.AsyncClient) -> None:
    answer = await ask(client, **DAY, grain="hour")
    assert answer["as_of"] is None
    assert len(answer["periods"]) == 24
    for period in answer["periods"]:
        assert list(period["figures"]) == [definition.id for definition in DEFINITIONS]
        for figure in period["figures"].values():
            assert figure["n"] == 0
            assert set(figure["values"].values()) <= {None}


async def test_each_figure_names_its_definition_version_and_n(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    life = Life()
    life.received()
    life.queued(target=60)
    life.later(30).assigned()
    await consume(settings, life)
    answer = await ask(client, **HOUR)
    figures = answer["periods"][0]["figures"]
    assert figures["service_level_answered"] == {
        "definition": "service_level_answered",
        "version": 1,
        "unit": "share",
        "n": 1,
        "values": {"share": 1.0},
    }
    assert figures["time_to_assignment"]["values"]["p95"] == pytest.approx(30, rel=0.01)
    assert answer["as_of"] == (NOON + timedelta(seconds=2)).isoformat().replace("+00:00", "Z")


async def test_who_asks_for_some_figures_gets_these_and_no_others(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    await consume(settings, *(whole_life(seed) for seed in range(5)))
    everything = (await ask(client, **HOUR))["periods"][0]["figures"]
    asked = ["csat_mean", "contacts", "wait"]
    answer = await client.get("/v1/figures", params={**HOUR, "figure": asked})
    figures = answer.json()["periods"][0]["figures"]
    assert list(figures) == ["contacts", "wait", "csat_mean"]
    assert figures == {figure_id: everything[figure_id] for figure_id in figures}


async def test_periods_queues_and_channels_add_up_to_the_whole(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    await consume(settings, *(whole_life(seed) for seed in range(40)))

    async def contacts(**query: str) -> int:
        periods = (await ask(client, **DAY, **query))["periods"]
        return sum(period["figures"]["contacts"]["n"] for period in periods)

    assert await contacts() == 40
    assert await contacts(grain="hour") == await contacts(grain="day") == 40
    assert await contacts(queue="billing") + await contacts(queue="orders") == 40
    assert await contacts(queue="-") == 0
    assert await contacts(channel="email") == 5
    assert await contacts(channel="email", queue="billing", grain="hour") == 0


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": DAY["from"]},
        {"from": "soon", "to": "later"},
        {"from": DAY["to"], "to": DAY["from"]},
        {"from": "2026-03-02T12:00:00", "to": "2026-03-02T13:00:00"},
        {"from": "2026-03-02T12:40:00Z", "to": "2026-03-02T13:40:00Z"},
        {"from": "2026-03-29T00:00:00+01:00", "to": "2026-03-30T00:00:00+02:00", "grain": "day"},
        {**DAY, "zone": ""},
        {**DAY, "zone": "Europe/Nowhere"},
        {**DAY, "zone": "../../etc/passwd"},
        {**DAY, "zone": "a\0b"},
        {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T00:00:00-12:00"},
        {"from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z", "grain": "hour"},
        {**DAY, "grain": "fortnight"},
        {**DAY, "figure": "calls_per_agent"},
        {**DAY, "queue": "no such'queue"},
        {**DAY, "queue": "a\0b"},
        {**DAY, "channel": "pigeon"},
    ],
)
async def test_nonsense_is_refused(client: httpx2.AsyncClient, query: dict[str, str]) -> None:
    answer = await client.get("/v1/figures", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_figure_that_is_not_defined_is_named_unless_it_is_no_name_at_all(
    client: httpx2.AsyncClient,
) -> None:
    asked = {**DAY, "figure": ["contacts", "csat", "calls_per_agent"]}
    unknown = await client.get("/v1/figures", params=asked)
    assert unknown.json()["detail"] == (
        "there is no figure calls_per_agent or csat: see /v1/definitions"
    )
    nonsense = await client.get("/v1/figures", params={**DAY, "figure": "jane.doe@example.org"})
    assert nonsense.status_code == 422
    assert nonsense.json()["errors"][0]["pointer"] == "/figure/0"
    assert "jane" not in nonsense.text


@pytest.mark.parametrize("query", ["figur=contacts", "figure=contacts&time_zone=Europe/Berlin"])
async def test_a_misspelt_parameter_gets_no_figures(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/figures?from={DAY['from']}&to={DAY['to']}&{query}")
    assert answer.status_code == 422
    assert "this route takes only channel, figure, from, grain" in answer.text


async def test_a_zone_that_is_none_is_refused_with_what_one_is(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/figures", params={**DAY, "zone": "Europe/Berlinn"})
    assert answer.json()["detail"] == "zone must be an IANA time zone, such as Asia/Kolkata"


@pytest.mark.parametrize("path", ["/v1/figures", "/v1/definitions"])
async def test_only_who_may_read_figures_reads_them(
    client: httpx2.AsyncClient, tmp_path: Path, path: str
) -> None:
    other = {"authorization": f"Bearer {TokenIssuer(tmp_path).mint('ana', ['desk'])}"}
    assert (await client.get(path, params=DAY, headers=other)).status_code == 403
    del client.headers["authorization"]
    assert (await client.get(path, params=DAY)).status_code == 401


async def test_the_definitions_say_what_each_figure_means(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/definitions")
    definitions = answer.json()["definitions"]
    assert [each["id"] for each in definitions] == [each.id for each in DEFINITIONS]
    assert all(each["sentence"] and each["formula"] and each["clock"] for each in definitions)
