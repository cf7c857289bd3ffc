"""A mail made to keep us busy, over real sockets: others go on, and it is kept with its bytes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.adapters.channels.email.readers import MailReaders
from services.intake.settings import ReadingSettings
from shared.http.ops import OpsApp
from tests.conftest import OpenDatabase
from tests.integration.http.serving import serving
from tests.integration.intake.desk import calling
from tests.integration.intake.place import Intake
from tests.integration.intake.test_smtp_server import a_mail, deliver, listening
from tests.support.clock import FakeClock
from tests.support.eventually import eventually

HEAD = b"From: asha@example.org\r\nContent-Type: text/html\r\n\r\n"
BREAKS = HEAD + (b"<br>" * 200 + b"\r\n") * 10_000


@pytest.fixture
async def intake(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Intake]:
    """Intake that has little time for a mail."""
    readers = MailReaders(ReadingSettings(cpu_seconds=1))
    await readers.open()
    yield Intake(await open_database("intake"), clock, readers)
    await readers.close()


async def test_while_a_hostile_mail_is_read_others_come_in_and_we_are_alive(intake: Intake) -> None:
    alive = OpsApp({}, asyncio.Event())
    async with listening(intake.mail) as server, serving(alive) as operators:
        hostile = asyncio.create_task(deliver(server, BREAKS))
        await eventually(lambda: bool(intake.readers._busy), within=30)
        await deliver(server, a_mail())
        assert (await operators.get("/livez")).status_code == 200
        assert not hostile.done()
        await hostile
        await deliver(server, a_mail("One more thing"))
    [kept] = await intake.rows("select * from quarantine")
    assert kept["content"] == BREAKS
    assert kept["reason"] == "reading the mail took too much processor time"
    assert await intake.accounts() == {"email": (3, 2, 1, 0)}


async def test_what_is_replayed_and_still_exceeds_a_limit_stays_with_a_reason(
    intake: Intake, tmp_path: Path
) -> None:
    async with listening(intake.mail) as server:
        await deliver(server, BREAKS)
    async with calling(intake, tmp_path) as client:
        [item] = (await client.get("/v1/quarantine")).json()["items"]
        answer = await client.post(f"/v1/quarantine/{item['quarantine_id']}/replay")
        assert answer.status_code == 422
        assert "too much processor time" in answer.text
        [still] = (await client.get("/v1/quarantine")).json()["items"]
    assert still == item
    assert await intake.accounts() == {"email": (1, 0, 1, 0)}


@pytest.mark.parametrize(
    "content",
    [
        b"From: asha@example.org\r\n\r\na\r\n" + b"\r\n" * 10_000 + b"b\r\n",
        HEAD + (b"<br>" * 100 + b"\r\n") * 30,
        HEAD + b"<table><tr><td>" + b"w" * 50_000 + b"</td></tr>\r\n"
        + b"<tr><td>x</td></tr>\r\n" * 8_000 + b"</table>\r\n",
    ],
    ids=["empty lines", "line breaks", "a wide cell"],
)  # fmt: skip
async def test_a_small_mail_that_used_to_stop_us_is_taken(intake: Intake, content: bytes) -> None:
    async with listening(intake.mail) as server:
        await deliver(server, content)
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}
    longest = await intake.value("select max(length(coalesce(full_text, text))) from message")
    assert longest <= 4 * len(content)
