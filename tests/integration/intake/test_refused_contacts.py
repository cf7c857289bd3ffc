"""`POST /v1/contacts` says everything that is wrong with a contact at once, with its place, and never the value."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec import inspect

from services.intake.entrypoints.api.submitted_contact import WORDS, ContactIn
from shared.contracts.values import Channel
from tests.integration.intake.desk import a_contact, calling
from tests.integration.intake.place import Intake

CONTACTS = "/v1/contacts"
JANE = "jane.doe@example.org"
NO_ZONE = "time_zone must be an IANA time zone, such as Asia/Kolkata"


@pytest.fixture
async def client(intake: Intake, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with calling(intake, tmp_path) as caller:
        yield caller


async def wrong(client: httpx2.AsyncClient, body: Any) -> dict[str, str]:
    """What is said of each place of a contact that is refused."""
    sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = await client.post(CONTACTS, **sent, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert JANE not in answer.text
    errors = answer.json()["errors"]
    assert {error["in"] for error in errors} == {"body"}
    found = {error["pointer"]: error["detail"] for error in errors}
    assert len(found) == len(errors)
    return found


async def test_everything_that_is_wrong_is_said_at_once(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    found = await wrong(
        client,
        {
            "chanel": JANE,
            "channel": "fax",
            "language": "German",
            "topic": "No Topic",
            "time_zone": "Europe/Berlinn",
            "priority": 10,
            "personal": {"adress": JANE, "text": "   "},
            "need": {"kind": "money", "amount": "9", "currency": "euro", "ammount": 9},
        },
    )
    assert found == {
        "/reference": "Field required",
        "/chanel": "there is no such field, only reference, channel, personal, topic, language,"
        " time_zone, priority, need",
        "/channel": f"must be one of {', '.join(Channel)}",
        "/language": "two or three lower-case letters, such as de",
        "/topic": "lower-case letters, digits and _ . - after the first, such as billing",
        "/time_zone": NO_ZONE,
        "/priority": "Expected `int` <= 9",
        "/personal/address": "Field required",
        "/personal/adress": "there is no such field, only address, text, name, subject",
        "/personal/text": "write something: this text is empty",
        "/need/kind": "must be one of refund, credit, replacement, exception",
        "/need/amount": "Expected `int`, got `str`",
        "/need/currency": "three capital letters, such as EUR",
        "/need/ammount": "there is no such field, only kind, amount, currency",
    }
    assert await intake.accounts() == {}


@pytest.mark.parametrize(
    ("changes", "pointer", "detail"),
    [
        ({"chanel": "web"}, "/chanel", "there is no such field, only reference"),
        ({"a/b~c": 1}, "/a~1b~0c", "there is no such field, only reference"),
        ({"text": ""}, "/personal/text", "write something"),
        ({"text": " \n\t"}, "/personal/text", "write something"),
        ({"text": "x" * 100_001}, "/personal/text", "Expected `str` of length <= 100000"),
        ({"text": [JANE]}, "/personal/text", "Expected `str`, got `array`"),
        ({"time_zone": "Europe/Berlinn"}, "/time_zone", NO_ZONE),
        ({"time_zone": 7}, "/time_zone", "Expected `str | null`, got `int`"),
        ({"language": "de\n"}, "/language", "two or three lower-case letters"),
        ({"need": 3}, "/need", "Expected `object | null`, got `int`"),
        ({"channel": "phone"}, "/personal/address", "such as +49 171 1234567"),
        ({"channel": "sms"}, "/personal/address", "such as +49 171 1234567"),
        ({"channel": "email", "address": "jane.doe"}, "/personal/address", "ada@post.example"),
        ({"channel": "line", "address": " "}, "/personal/address", "not a name on a channel"),
    ],
)
async def test_one_thing_that_is_wrong_is_said_alone_and_in_its_place(
    client: httpx2.AsyncClient, changes: dict[str, Any], pointer: str, detail: str
) -> None:
    found = await wrong(client, a_contact(**({"address": JANE} | changes)))
    assert list(found) == [pointer]
    assert detail in found[pointer]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "Input data was truncated"),
        (b"{", "Input data was truncated"),
        (b'"\xff"', "it is not UTF-8"),
        (b"null", "Expected `object`, got `null`"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
        (
            b'{"reference":"r","channel":"fax","channel":"web",'
            b'"personal":{"address":"a","text":"b"}}',
            "does a field stand twice?",
        ),
    ],
    ids=range(6),
)
async def test_what_is_no_contact_at_all_is_refused_as_that(
    client: httpx2.AsyncClient, body: bytes, detail: str
) -> None:
    found = await wrong(client, body)
    assert list(found) == [""]
    assert detail in found[""]


async def test_a_body_of_nothing_but_mistakes_gets_a_short_answer(
    client: httpx2.AsyncClient,
) -> None:
    assert len(await wrong(client, {f"x{n}": n for n in range(5_000)})) <= 102


def patterns(kind: inspect.Type) -> set[str]:
    """Every pattern that a text of this kind, or of a part of it, must have."""
    match kind:
        case inspect.StructType():
            return {each for field in kind.fields for each in patterns(field.type)}
        case inspect.UnionType():
            return {each for option in kind.types for each in patterns(option)}
        case inspect.StrType(pattern=str(pattern)):
            return {pattern}
    return set()


def test_every_pattern_of_a_contact_has_its_words() -> None:
    assert patterns(inspect.type_info(ContactIn)) == set(WORDS)


async def test_the_document_says_that_no_other_field_is_taken(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    body = document["paths"][CONTACTS]["post"]["requestBody"]["content"]["application/json"]
    personal = body["schema"]["properties"]["personal"]
    assert body["schema"]["additionalProperties"] is personal["additionalProperties"] is False


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"address": "not an address"}, "in_response"),
        ({"address": "+49 171 1234567"}, "in_response"),
        ({"address": "@asha", "channel": "telegram"}, "in_response"),
        ({"address": "asha@example.org"}, "queued"),
        ({"address": "asha@example.org", "channel": "chat"}, "queued"),
    ],
)
async def test_an_acknowledgement_that_nothing_delivers_is_not_shown_as_sent(
    client: httpx2.AsyncClient, changes: dict[str, str], state: str
) -> None:
    taken = await client.post(CONTACTS, json=a_contact(**changes))
    assert taken.status_code == 202, taken.text
    shown = (await client.get(f"{CONTACTS}/{taken.json()['contact_id']}")).json()
    received, acknowledgement = shown["messages"]
    assert (received["state"], acknowledgement["state"]) == (None, state)
    assert acknowledgement["text"] == taken.json()["promise"]["text"]
