"""The HTTP API: what is answered 202 is committed, and what is not is a clear problem."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from services.intake.adapters.channels.registry import webhooks
from services.intake.domain.arrival import Arrival, Outcome
from shared.contracts.intake import ContactReceived
from shared.kernel.errors import Unavailable
from tests.integration.http.serving import serving
from tests.integration.intake.desk import a_contact, app_of, calling, token
from tests.integration.intake.place import Intake
from tests.unit.intake.builders import CHANNELS, NOON, PORTS, a_forecast, a_queue, an_arrival

CONTACTS = "/v1/contacts"
ATTACHMENT = "/v1/contacts/{contact_id}/messages/{message_id}/attachments/{position}"


@pytest.fixture
async def client(intake: Intake, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with calling(intake, tmp_path) as caller:
        yield caller


def key(value: str) -> dict[str, str]:
    return {"idempotency-key": value}


async def test_a_contact_is_answered_with_its_promise_in_words(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    answer = await client.post(CONTACTS, json=a_contact(language="te", time_zone="Asia/Kolkata"))
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert set(body) == {"contact_id", "customer_id", "message_id", "promise"}
    assert set(body["promise"]) == {"promise_id", "due_at", "text", "language", "basis"}
    assert body["promise"]["language"] == "te"
    assert datetime.fromisoformat(body["promise"]["due_at"]).utcoffset() is not None
    [row] = await intake.rows("select * from promise")
    assert str(row["promise_id"]) == body["promise"]["promise_id"]
    [received] = [e.data for e in await intake.said() if isinstance(e.data, ContactReceived)]
    assert str(received.contact_id) == body["contact_id"]


async def test_the_same_key_and_body_get_the_same_answer(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    first = await client.post(CONTACTS, json=a_contact(), headers=key("k-1"))
    intake.clock.advance(3_600)
    again = await client.post(CONTACTS, json=a_contact(), headers=key("k-1"))
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await intake.accounts() == {"web": (2, 1, 0, 1)}


async def test_the_same_key_with_another_body_is_422(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    await client.post(CONTACTS, json=a_contact(), headers=key("k-1"))
    other = await client.post(CONTACTS, json=a_contact(address="x@example.org"), headers=key("k-1"))
    assert other.status_code == 422
    assert await intake.accounts() == {"web": (1, 1, 0, 0)}


async def test_the_same_key_of_another_caller_is_another_key(
    intake: Intake, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    headers = token(tmp_path, subject="somebody-else")
    first = await client.post(CONTACTS, json=a_contact(), headers=key("k-1"))
    second = await client.post(CONTACTS, json=a_contact(), headers=key("k-1") | headers)
    assert first.json()["contact_id"] != second.json()["contact_id"]


async def test_the_same_key_50_times_at_once_is_one_contact(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    posts = [client.post(CONTACTS, json=a_contact(), headers=key("k-1")) for _ in range(50)]
    answers = await asyncio.gather(*posts)
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (202, answers[0].content)
    }
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await intake.accounts() == {"web": (50, 1, 0, 49)}


async def test_without_a_key_every_post_is_a_contact(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    for _ in range(2):
        await client.post(CONTACTS, json=a_contact())
    assert await intake.accounts() == {"web": (2, 2, 0, 0)}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{", ""),
        (b'"\xff"', ""),
        (b"null", ""),
        (b'{"reference": "r"}', "/channel"),
        (a_contact(channel="carrier-pigeon"), "/channel"),
        (a_contact(priority=10), "/priority"),
        (a_contact(address=7), "/personal/address"),
        (a_contact(text="x" * 100_001), "/personal/text"),
        (a_contact(need={"kind": "refund", "amount": 0, "currency": "EUR"}), "/need/amount"),
    ],
    ids=range(9),
)
async def test_what_does_not_fit_is_422_with_the_place_and_without_the_value(
    client: httpx2.AsyncClient, body: Any, pointer: str
) -> None:
    headers = {"content-type": "application/json"}
    sent = {"content": body, "headers": headers} if isinstance(body, bytes) else {"json": body}
    answer = await client.post(CONTACTS, **sent)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert "pigeon" not in answer.text


@pytest.mark.parametrize("address", ["", "  ", "a@", "@", "a b@example.org", "+12"])
async def test_an_address_that_is_none_is_422(client: httpx2.AsyncClient, address: str) -> None:
    answer = await client.post(CONTACTS, json=a_contact(address=address, channel="email"))
    assert answer.status_code == 422


async def test_what_is_not_allowed_is_refused(
    intake: Intake, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post(CONTACTS, content=b"a=b", headers=form)).status_code == 415
    huge = await client.post(CONTACTS, json=a_contact(text="x" * 2_000_000))
    assert huge.status_code == 413
    for wrong in ({"authorization": ""}, {"authorization": "Bearer nonsense"}):
        assert (await client.post(CONTACTS, json=a_contact(), headers=wrong)).status_code == 401
    other = token(tmp_path, "figures.read")
    assert (await client.post(CONTACTS, json=a_contact(), headers=other)).status_code == 403
    for bad in (b"", b"k" * 256, "schlüssel".encode()):
        keyed = [(b"idempotency-key", bad)]
        answer = await client.post(CONTACTS, json=a_contact(), headers=keyed)
        assert answer.status_code == 422
    assert await intake.accounts() == {}


async def test_while_the_database_is_away_nothing_is_accepted(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Arrival) -> Outcome:
        raise Unavailable("database: away")

    monkeypatch.setattr(intake.submission, "submit", away)
    async with serving(app_of(intake, tmp_path)) as client:
        answer = await client.post(CONTACTS, json=a_contact(), headers=token(tmp_path))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_awkward_text_comes_through_whole(intake: Intake, client: httpx2.AsyncClient) -> None:
    texts = {
        "nul": ("a\x00b", "a\ufffdb"),
        "sql": ("'); drop table contact; --", "'); drop table contact; --"),
        "template": ("{{7*7}} ${x} {name}", "{{7*7}} ${x} {name}"),
        "four bytes": ("𝒳🙂", "𝒳🙂"),
        "right to left": ("\u202eabc مرحبا", "\u202eabc مرحبا"),
    }
    for said, stored in texts.values():
        answer = await client.post(
            CONTACTS, json=a_contact(text=said, name=said[:100], subject=said)
        )
        assert answer.status_code == 202
        contact_id = UUID(answer.json()["contact_id"])
        sql = "select text from message where contact_id = $1 and arrival_key is not null"
        assert await intake.value(sql, contact_id) == stored


async def test_a_contact_can_be_read_as_the_customer_sees_it(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    posted = (await client.post(CONTACTS, json=a_contact())).json()
    shown = await client.get(f"{CONTACTS}/{posted['contact_id']}")
    assert shown.status_code == 200, shown.text
    body = shown.json()
    assert [m["direction"] for m in body["messages"]] == ["in", "out"]
    assert body["messages"][1]["state"] == "queued"
    assert body["promises"][0]["outcome"] is None
    assert (await client.get(f"{CONTACTS}/{UUID(int=1)}")).status_code == 404


async def test_many_messages_come_in_pages_the_newest_first(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    first = await intake.stored(an_arrival(mail_id="<0@example.org>", text="0"))
    for number in range(1, 5):
        later = NOON + timedelta(seconds=number)
        again = an_arrival(refers_to=("<0@example.org>",), text=f"{number}", received_at=later)
        assert (await intake.stored(again)).contact_id == first.contact_id
    pages: list[list[tuple[str, str]]] = []
    before: dict[str, str] | None = {}
    while before is not None:
        query = {"limit": "3", **before}
        shown = (await client.get(f"{CONTACTS}/{first.contact_id}", params=query)).json()
        pages.append([(each["direction"], each["text"]) for each in shown["messages"]])
        before = {"before": shown["next"]} if shown["next"] else None
    everything = [each for page in reversed(pages) for each in page]
    assert [text for direction, text in everything if direction == "in"] == list("01234")
    assert [len(page) for page in pages] == [3, 3, 0]
    assert [text for _, text in pages[0]] == list("234")


async def test_waits_are_public_and_follow_the_forecast(intake: Intake, tmp_path: Path) -> None:
    await intake.know(
        a_queue("billing", forecast=a_forecast(90, p50=30)), a_queue("other", "*", rank=9)
    )
    async with serving(app_of(intake, tmp_path)) as client:
        body = (await client.get("/v1/waits")).json()
    assert [(w["topic"], w["wait_seconds"], w["basis"]) for w in body["waits"]] == [
        ("billing", 30, "forecast"),
        ("other", 600, "target"),
    ]
    assert body["channels"] == CHANNELS.open()


async def test_topic_rules_are_replaced_and_count(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    rules = [
        {"rank": 2, "topic": "delivery", "words": ["parcel", "పార్సెల్"]},
        {"rank": 1, "topic": "vip", "recipient": "vip@rapport.example"},
    ]
    put = await client.put("/v1/topic-rules", json={"rules": rules})
    assert put.status_code == 200, put.text
    assert [rule["rank"] for rule in (await client.get("/v1/topic-rules")).json()["rules"]] == [
        1,
        2,
    ]
    intake.clock.advance(1)
    receipt = await intake.stored(an_arrival(text="Where is my PARCEL?"))
    assert (
        await intake.value("select topic from contact where contact_id = $1", receipt.contact_id)
        == "delivery"
    )
    for wrong in ([*rules, rules[0]], [{"rank": 1, "topic": "x"}], [{"rank": 1, "topic": "X Y"}]):
        assert (await client.put("/v1/topic-rules", json={"rules": wrong})).status_code == 422


async def test_the_hot_route_is_in_the_open_api_document(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    post = document["paths"]["/v1/contacts"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) == {"reference", "channel", "personal"}
    assert {"202", "401", "403", "413", "415", "422", "503"} <= set(post["responses"])
    assert [p["name"] for p in post["parameters"]] == ["idempotency-key"]


async def test_every_route_has_its_scope(intake: Intake, tmp_path: Path) -> None:
    routes = app_of(intake, tmp_path).route_table()
    table = {(method, path): scope for method, path, scope in routes}
    assert table == {
        ("POST", "/v1/contacts"): "contacts.write",
        ("GET", "/v1/contacts/{contact_id}"): "contacts.write",
        ("GET", ATTACHMENT): "contacts.write",
        ("GET", "/v1/waits"): "public",
        ("GET", "/v1/tally"): "intake.admin",
        ("GET", "/v1/topic-rules"): "intake.admin",
        ("PUT", "/v1/topic-rules"): "intake.admin",
        ("GET", "/v1/quarantine"): "intake.admin",
        ("GET", "/v1/quarantine/{quarantine_id}"): "intake.admin",
        ("POST", "/v1/quarantine/{quarantine_id}/replay"): "intake.admin",
        ("GET", "/openapi.json"): "public",
        ("HEAD", "/openapi.json"): "public",
        ("GET", "/docs"): "public",
    } | {("POST", f"/v1/webhooks/{name}"): "contacts.write" for name in webhooks(PORTS)}


async def test_one_arrival_that_breaks_the_database_fails_alone(intake: Intake) -> None:
    bad = an_arrival(topic=None, text="\x00")
    good = [an_arrival(f"g{number}@example.org") for number in range(20)]
    taken = [intake.submission.submit(each) for each in (*good[:10], bad, *good[10:])]
    outcomes = await asyncio.gather(*taken, return_exceptions=True)
    broken = [each for each in outcomes if isinstance(each, BaseException)]
    assert [type(each) for each in broken] == [asyncpg.CharacterNotInRepertoireError]
    assert await intake.accounts() == {"email": (20, 20, 0, 0)}
