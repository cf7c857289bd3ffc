"""Whatever is written into a request is kept and shown as it is, or refused with a reason."""

import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from services.intake.domain.text import line
from tests.security.seeds import Known
from tests.security.serving import AGENT, Server
from tests.security.words import AWKWARD, DEEP, LOST, NUL, PLAIN, UNSTORABLE

REFUSED = range(400, 500)
every = pytest.mark.parametrize("words", AWKWARD.values(), ids=list(AWKWARD))
unstorable = pytest.mark.parametrize("words", UNSTORABLE.values(), ids=list(UNSTORABLE))
LONGEST_NAME, LONGEST_LINE = 200, 998


async def sent(client: httpx2.AsyncClient, method: str, path: str, body: Any) -> httpx2.Response:
    """Send JSON in which everything beyond ASCII is escaped, halves of pairs too."""
    content = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"content-type": "application/json"}
    return await client.request(method, path, content=content, headers=headers)


def contact(**changes: Any) -> dict[str, Any]:
    """A contact of somebody new; what is personal goes where it belongs."""
    personal = {"address": f"{uuid4().hex}@example.org", "text": "Please help me."}
    personal |= {n: changes.pop(n) for n in ("address", "text", "name", "subject") if n in changes}
    return {"reference": "1", "channel": "web", "personal": personal} | changes


def is_refused(response: httpx2.Response) -> bool:
    """Whether it says clearly that it is wrong."""
    problem = response.headers["content-type"] == "application/problem+json"
    return response.status_code in REFUSED and problem


@every
async def test_a_contact_shows_its_words_as_they_were_written(
    servers: dict[str, Server], words: str
) -> None:
    async with servers["intake"].client() as client:
        name, subject = words[:LONGEST_NAME], words[:LONGEST_LINE]
        written = contact(text=words, name=name, subject=subject, reference=subject)
        taken = await sent(client, "POST", "/v1/contacts", written)
        assert taken.status_code == 202, taken.text
        shown = (await client.get(f"/v1/contacts/{taken.json()['contact_id']}")).json()
    message = shown["messages"][0]
    assert (message["text"], message["subject"]) == (words, line(subject))
    assert shown["topic"]


async def test_nul_in_a_contact_is_marked_as_lost(servers: dict[str, Server]) -> None:
    async with servers["intake"].client() as client:
        taken = await sent(client, "POST", "/v1/contacts", contact(text=f"a{NUL}b"))
        shown = (await client.get(f"/v1/contacts/{taken.json()['contact_id']}")).json()
    assert shown["messages"][0]["text"] == f"a{LOST}b"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "\ud800"},
        {"name": "\udc00\ud800"},
        {"topic": "billing\n"},
        {"language": "en\n"},
        {"need": {"kind": "refund", "amount": 1, "currency": "EUR\n"}},
        {"topic": "'); drop table contact; --"},
        {"language": "e{"},
        {"channel": "email\x00"},
        {"address": "=?utf-8?q?victim=40evil.example=2C?=@example.org"},
        {"address": "a@b.org\r\nBcc: victim@example.org"},
        {"address": "\u202emoc.live@example.org\x00"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_could_only_do_harm_is_422(
    servers: dict[str, Server], change: dict[str, Any]
) -> None:
    async with servers["intake"].client() as client:
        response = await sent(
            client, "POST", "/v1/contacts", contact(**{"channel": "email"} | change)
        )
    assert is_refused(response)


@every
async def test_topic_rules_show_their_words_as_they_were_written(
    servers: dict[str, Server], words: str
) -> None:
    rule = {"rank": 1, "topic": "a", "words": [words[:100]], "recipient": words[:254]}
    async with servers["intake"].client() as client:
        put = await sent(client, "PUT", "/v1/topic-rules", {"rules": [rule]})
        assert put.status_code == 200
        [shown] = (await client.get("/v1/topic-rules")).json()["rules"]
        taken = await sent(client, "POST", "/v1/contacts", contact(text=words))
        await sent(client, "PUT", "/v1/topic-rules", {"rules": []})
    assert (shown["words"], shown["recipient"]) == (rule["words"], rule["recipient"])
    assert taken.status_code == 202


@every
async def test_queues_and_agents_show_their_names_as_they_were_written(
    servers: dict[str, Server], words: str
) -> None:
    name = words[:LONGEST_NAME]
    queue = {"name": name, "topics": [], "service_target_seconds": 60}
    async with servers["routing"].client() as client:
        await sent(client, "PUT", "/v1/queues/awkward", queue)
        await sent(client, "PUT", "/v1/agents/awkward", {"name": name})
        shown = [(await client.get(f"/v1/{what}/awkward")).json() for what in ("queues", "agents")]
        refusals = [
            await sent(client, "PUT", "/v1/queues/awkward", queue | change)
            for change in ({"topics": [{"topic": words}]}, {"languages": [words]}, {words: 1})
        ]
        refusals += [
            await sent(client, "PUT", "/v1/agents/awkward", {"name": name} | change)
            for change in ({"skills": {words: 1}}, {"capacity": {words: 1}}, {words: 1})
        ]
    assert [each["name"] for each in shown] == [name, name]
    assert all(map(is_refused, refusals))


@every
async def test_the_desk_shows_what_agents_wrote_as_they_wrote_it(
    servers: dict[str, Server], known: dict[str, Known], words: str
) -> None:
    here = f"/v1/contacts/{next(known['routing']['contact_id'])}"
    evidence = words[:LONGEST_LINE]
    async with servers["routing"].client() as client:
        step = {"step": "hear", "evidence": evidence}
        statuses = [
            (await sent(client, "POST", f"{here}/help-steps", step)).status_code,
            (await sent(client, "POST", f"{here}/replies", {"text": words})).status_code,
            (await sent(client, "POST", f"{here}/escalate", {"note": words})).status_code,
        ]
        shown = (await client.get(here)).json()
    assert statuses == [201, 202, 200]
    assert shown["help_steps"][-1]["evidence"] == evidence
    assert shown["messages"][-1]["text"] == words
    assert shown["notes"][-1]["text"] == words
    assert {each["agent_id"] for each in shown["notes"]} == {AGENT}


@every
async def test_the_comment_of_a_check_in_is_kept_as_it_was_written(
    servers: dict[str, Server], known: dict[str, Known], words: str
) -> None:
    link = f"/v1/check-ins/{next(known['followup']['token'])}"
    async with servers["followup"].client() as client:
        given = await sent(client, "POST", f"{link}/answer", {"solved": True, "comment": words})
        shown = (await client.get(link)).json()
        page = (await client.get(link, headers={"accept": "text/html"})).text
    assert given.status_code == 200
    assert shown["answer"]["comment"] == words.strip()
    assert "<script" not in page
    assert "<img" not in page


PLACES = [
    (
        "intake",
        "PUT",
        "/v1/topic-rules",
        lambda w: {"rules": [{"rank": 1, "topic": "a", "words": [w]}]},
    ),
    (
        "intake",
        "PUT",
        "/v1/topic-rules",
        lambda w: {"rules": [{"rank": 1, "topic": "a", "recipient": w}]},
    ),
    ("intake", "PUT", "/v1/topic-rules", lambda w: {"rules": [], w: 1}),
    (
        "routing",
        "PUT",
        "/v1/queues/a",
        lambda w: {"name": w, "topics": [], "service_target_seconds": 1},
    ),
    ("routing", "PUT", "/v1/agents/a", lambda w: {"name": w}),
    ("routing", "PUT", "/v1/agents/a", lambda w: {"name": "a", "skills": {w: 1}}),
    (
        "routing",
        "POST",
        "/v1/contacts/0190c0de-0000-7000-8000-000000000000/replies",
        lambda w: {"text": w},
    ),
    (
        "routing",
        "POST",
        "/v1/contacts/0190c0de-0000-7000-8000-000000000000/help-steps",
        lambda w: {"step": "hear", "evidence": w},
    ),
    (
        "routing",
        "POST",
        "/v1/contacts/0190c0de-0000-7000-8000-000000000000/escalate",
        lambda w: {"note": w},
    ),
    (
        "routing",
        "POST",
        "/v1/contacts/0190c0de-0000-7000-8000-000000000000/transfer",
        lambda w: {"queue_id": w},
    ),
    (
        "routing",
        "POST",
        "/v1/offers/0190c0de-0000-7000-8000-000000000000/decline",
        lambda w: {"reason": w},
    ),
    ("followup", "POST", "/v1/check-ins/none/answer", lambda w: {"solved": True, "comment": w}),
]


@unstorable
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[2].rpartition("/")[2])
async def test_what_cannot_be_stored_is_refused_where_it_is_written(
    servers: dict[str, Server], place: Any, words: str
) -> None:
    service, method, path, body = place
    async with servers[service].client() as client:
        response = await sent(client, method, path, body(words))
    assert is_refused(response)
    assert response.status_code == 422


QUESTIONS = [
    ("intake", "/v1/contacts/{}"),
    ("intake", "/v1/quarantine/{}"),
    ("intake", "/v1/quarantine?limit={}"),
    ("intake", "/v1/quarantine?before={}"),
    ("routing", "/v1/queues/{}"),
    ("routing", "/v1/agents/{}"),
    ("routing", "/v1/contacts/{}"),
    ("followup", "/v1/check-ins/{}"),
    ("followup", "/v1/check-ins?contact_id={}"),
    ("analytics", "/v1/figures?from=2026-03-02T00:00:00Z&to=2026-03-02T02:00:00Z&queue={}"),
    ("analytics", "/v1/figures?to=2026-03-02T02:00:00Z&from={}"),
]


@pytest.mark.parametrize(("service", "path"), QUESTIONS)
async def test_an_address_with_anything_in_it_is_refused_and_no_more(
    servers: dict[str, Server], service: str, path: str
) -> None:
    async with servers[service].client() as client:
        for words in (AWKWARD | UNSTORABLE).values():
            asked = path.format(quote(words.encode("utf-8", "surrogatepass"), safe=""))
            assert is_refused(await client.get(asked)), words


@pytest.mark.parametrize("name", ["idempotency-key", "traceparent", "accept-language", "accept"])
async def test_a_header_with_anything_in_it_breaks_nothing(
    servers: dict[str, Server], name: str
) -> None:
    async with servers["intake"].client() as client:
        for words in PLAIN.values():
            headers = [(b"content-type", b"application/json"), (name.encode(), words.encode())]
            content = json.dumps(contact())
            response = await client.post("/v1/contacts", content=content, headers=headers)
            assert response.status_code == 202 or is_refused(response), words


@pytest.mark.parametrize("body", DEEP.values(), ids=list(DEEP))
@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("intake", "POST", "/v1/contacts"),
        ("intake", "PUT", "/v1/topic-rules"),
        ("routing", "PUT", "/v1/queues/a"),
        ("followup", "POST", "/v1/check-ins/none/answer"),
    ],
)
async def test_a_body_that_is_no_json_or_without_end_is_refused(
    servers: dict[str, Server], service: str, method: str, path: str, body: bytes
) -> None:
    async with servers[service].client() as client:
        assert is_refused(await sent(client, method, path, body))


async def test_a_place_that_is_nearly_one_leads_nowhere(servers: dict[str, Server]) -> None:
    async with servers["intake"].client(host="evil.example") as client:
        response = await client.get("/v1/waits/")
    assert response.status_code == 404
    assert "location" not in response.headers
