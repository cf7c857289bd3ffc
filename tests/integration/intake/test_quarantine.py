"""Quarantine and accounts: nothing is lost, and the sums are true after any mixture."""

import base64
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx2
import msgspec
import pytest

from services.intake.domain.arrival import Arrival
from services.intake.domain.mail import Envelope
from shared.contracts.intake import ContactReceived
from shared.kernel.errors import Invalid
from shared.messaging.dead_letters.letter import dead_letter
from tests.integration.intake.desk import calling
from tests.integration.intake.place import Intake
from tests.support.records import FakeRecord
from tests.unit.intake.builders import an_arrival

QUARANTINE = "/v1/quarantine"
HELP = ("help@rapport.example",)
HEADERS = [
    ("ce_id", b"e-1"),
    ("ce_source", b"crm"),
    ("ce_specversion", b"1.0"),
    ("ce_type", b"rapport.contact.submitted.v1"),
    ("content-type", b"application/json"),
    ("ce_time", None),
]


@pytest.fixture
async def client(intake: Intake, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with calling(intake, tmp_path) as caller:
        yield caller


def submitted(address: str = "asha@example.org", channel: str = "sms") -> bytes:
    personal = {"address": address, "text": "Where is it?"}
    return msgspec.json.encode({"reference": "r", "channel": channel, "personal": personal})


async def put_aside(intake: Intake, value: bytes, offset: int = 1) -> None:
    letter = dead_letter(FakeRecord(value, HEADERS, offset=offset), "invalid", "data: wrong")
    async with intake.database.transaction() as tx:
        await intake.contacts.unreadable(tx, [letter])


async def ids(client: httpx2.AsyncClient) -> list[str]:
    return [item["quarantine_id"] for item in (await client.get(QUARANTINE)).json()["items"]]


async def test_a_dead_letter_is_kept_and_counted_once_on_its_channel(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    for _ in range(2):
        await put_aside(intake, submitted("not a number"))
    await put_aside(intake, b"\xff\x00 no json", offset=2)
    assert await intake.accounts() == {"sms": (1, 0, 1, 0), "unknown": (1, 0, 1, 0)}
    listed = (await client.get(QUARANTINE)).json()
    assert {item["channel"] for item in listed["items"]} == {"sms", "unknown"}
    assert sorted(item["origin"]["offset"] for item in listed["items"]) == [1, 2]
    assert (
        listed["items"][0]["origin"].items() >= {"topic": "rapport.inbox", "partition": 3}.items()
    )
    [broken] = [item for item in listed["items"] if item["channel"] == "unknown"]
    shown = (await client.get(f"{QUARANTINE}/{broken['quarantine_id']}")).json()
    assert base64.b64decode(shown["content_base64"]) == b"\xff\x00 no json"
    assert shown["reason"] == "invalid: data: wrong"


async def test_the_list_comes_in_pages_without_gap_or_repetition(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    for offset in range(7):
        await put_aside(intake, b"x", offset=offset)
        intake.clock.advance(1 if offset % 2 else 0)
    seen: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = (await client.get(QUARANTINE, params={"limit": "3"} | before)).json()
        seen += [item["quarantine_id"] for item in page["items"]]
        if page["next"] is None:
            break
        before = {"before": page["next"]}
    assert len(seen) == len(set(seen)) == 7


async def test_what_can_be_read_in_the_end_is_replayed_and_the_sums_stay_true(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    await put_aside(intake, submitted("+919812345678"))
    [quarantine_id] = await ids(client)
    replayed = await client.post(f"{QUARANTINE}/{quarantine_id}/replay")
    assert replayed.status_code == 200, replayed.text
    assert replayed.json()["outcome"] == "stored"
    assert await intake.accounts() == {"sms": (1, 1, 0, 0)}
    events = await intake.said_of(UUID(replayed.json()["contact_id"]))
    assert isinstance(events[0], ContactReceived)
    again = await client.post(f"{QUARANTINE}/{quarantine_id}/replay")
    assert again.status_code == 409


async def test_a_replay_of_what_came_in_elsewhere_is_a_duplicate(
    intake: Intake, client: httpx2.AsyncClient
) -> None:
    for offset in (1, 2):
        await put_aside(intake, submitted("+919812345678"), offset=offset)
    outcomes = [
        (await client.post(f"{QUARANTINE}/{each}/replay")).json()["outcome"]
        for each in await ids(client)
    ]
    assert sorted(outcomes) == ["deduplicated", "stored"]
    assert await intake.accounts() == {"sms": (2, 1, 0, 1)}


async def test_what_still_cannot_be_read_stays(intake: Intake, client: httpx2.AsyncClient) -> None:
    await put_aside(intake, b"{")
    [quarantine_id] = await ids(client)
    assert (await client.post(f"{QUARANTINE}/{quarantine_id}/replay")).status_code == 422
    assert await intake.accounts() == {"unknown": (1, 0, 1, 0)}
    assert (await client.post(f"{QUARANTINE}/{UUID(int=1)}/replay")).status_code == 404


async def test_a_mail_that_a_bug_kept_out_is_let_in_by_replay(
    intake: Intake, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> Arrival:
        raise Invalid("the mail cannot be read: KeyError")

    mail = b"From: asha@example.org\r\nSubject: hello\r\n\r\nPlease help me with this\r\n"
    with monkeypatch.context() as patched:
        patched.setattr(intake.readers, "read", broken)
        await intake.mail.receive(mail, Envelope(sender="asha@example.org", recipients=HELP))
    assert await intake.accounts() == {"email": (1, 0, 1, 0)}
    assert (await client.get(QUARANTINE)).json()["items"][0]["origin"] is None
    [quarantine_id] = await ids(client)
    assert (await client.post(f"{QUARANTINE}/{quarantine_id}/replay")).status_code == 200
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}
    tally = (await client.get("/v1/tally")).json()["channels"]
    assert tally == [
        {"channel": "email", "received": 1, "stored": 1, "quarantined": 0, "deduplicated": 0}
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_the_accounts_add_up_after_any_mixture(
    intake: Intake, client: httpx2.AsyncClient, seed: int
) -> None:
    dice = random.Random(seed)
    arrivals = [an_arrival(f"c{dice.randrange(6)}@example.org") for _ in range(8)]
    received = 0
    for step in range(40):
        match dice.randrange(4):
            case 0 | 1:
                chosen = dice.choices(arrivals, k=dice.randrange(1, 5))
                await intake.accept(*chosen)
                received += len(chosen)
            case 2:
                value = dice.choice(
                    [b"{", submitted("+4915112345678", "email"), submitted("a@b.org", "email")]
                )
                await put_aside(intake, value, offset=step)
                received += 1
            case _:
                for quarantine_id in dice.sample(found := await ids(client), min(2, len(found))):
                    await client.post(f"{QUARANTINE}/{quarantine_id}/replay")
    sums = [sum(column) for column in zip(*(await intake.accounts()).values(), strict=True)]
    assert sums[0] == received == sum(sums[1:])
    messages = await intake.value("select count(*) from message where arrival_key is not null")
    waiting = await intake.value("select count(*) from quarantine where replayed_at is null")
    assert sums[1:3] == [messages, waiting]
