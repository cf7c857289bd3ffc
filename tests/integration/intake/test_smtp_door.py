"""The door for mail, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from services.intake.application.mail_room import MailRoom
from services.intake.entrypoints.smtp import SmtpDoor
from services.intake.settings import SmtpSettings
from shared.contracts.intake import ContactReceived, MessageReceived
from shared.kernel.errors import Unavailable
from tests.integration.intake.place import Intake
from tests.support.eventually import eventually
from tests.support.kafka import running

HELP = "help@rapport.example"


@asynccontextmanager
async def open_door(room: MailRoom, **changes: Any) -> AsyncIterator[SmtpDoor]:
    door = SmtpDoor(SmtpSettings(port=0, **changes), room)
    async with running(door):
        await eventually(lambda: door.open, within=5)
        yield door


@pytest.fixture
async def door(intake: Intake) -> AsyncIterator[SmtpDoor]:
    async with open_door(intake.room) as opened:
        yield opened


def a_mail(text: str = "My parcel is late, please help", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = headers.pop("sender", "Asha <asha@example.org>")
    mail["To"] = HELP
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def deliver(
    door: SmtpDoor, mail: EmailMessage | bytes, to: str = HELP, sender: str = "asha@example.org"
) -> None:
    content = mail if isinstance(mail, bytes) else mail.as_bytes()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=door.port, start_tls=False) as client:
        await client.sendmail(sender, [to], content)


async def dialogue(door: SmtpDoor, *lines: bytes) -> list[bytes]:
    """Say these lines one by one; the last line of each answer, the greeting first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    answers = [await reader.readline()]
    for line in lines:
        writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        answers.append(answer)
    writer.close()
    return answers


async def test_a_mail_is_a_contact_when_it_is_answered_250(intake: Intake, door: SmtpDoor) -> None:
    await deliver(door, a_mail(Subject="Parcel", Message_ID="<1@example.org>"))
    [received] = [e.data for e in await intake.said() if isinstance(e.data, ContactReceived)]
    assert received.personal.text == "My parcel is late, please help"
    assert (received.personal.subject, received.personal.name) == ("Parcel", "Asha")
    assert (received.channel, received.language) == ("email", "en")


async def test_the_same_mail_twice_is_one_contact(intake: Intake, door: SmtpDoor) -> None:
    mail = a_mail(Message_ID="<1@example.org>")
    await asyncio.gather(*(deliver(door, mail) for _ in range(8)))
    assert await intake.accounts() == {"email": (8, 1, 0, 7)}


async def test_an_answer_to_our_acknowledgement_joins_its_contact(
    intake: Intake, door: SmtpDoor
) -> None:
    await deliver(door, a_mail())
    said_id = await intake.value("select message_id from message where state is not null")
    await deliver(door, a_mail("One more thing", In_Reply_To=f"<{said_id}@rapport.example>"))
    [again] = [e.data for e in await intake.said() if isinstance(e.data, MessageReceived)]
    assert again.personal.text == "One more thing"


async def test_it_is_no_open_relay(intake: Intake, door: SmtpDoor) -> None:
    for address in ("victim@elsewhere.example", "help@rapport.example.evil.org", "postmaster"):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await deliver(door, a_mail(), to=address)
    assert await intake.accounts() == {}


async def test_what_cannot_be_read_is_quarantined_and_answered_250(
    intake: Intake, door: SmtpDoor
) -> None:
    await deliver(door, b"Subject: nobody\r\n\r\nhello\r\n", sender="")
    [kept] = await intake.rows("select * from quarantine")
    assert (kept["reason"], kept["content"]) == (
        "the mail has no sender",
        b"Subject: nobody\r\n\r\nhello\r\n",
    )
    assert await intake.accounts() == {"email": (1, 0, 1, 0)}


async def test_too_large_is_552_by_announcement_and_by_count(intake: Intake) -> None:
    async with open_door(intake.room, max_bytes=10_000) as small:
        said = await dialogue(small, b"EHLO x\r\n", b"MAIL FROM:<a@b.org> SIZE=10001\r\n")
        assert said[-1].startswith(b"552")
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=small.port) as client:
            await client.mail("a@b.org")
            await client.rcpt(HELP)
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await client.data(b"x\r\n" * 4_000)
        assert refused.value.code == 552
    assert await intake.accounts() == {}


async def test_a_flood_without_a_line_end_is_cut_off(intake: Intake) -> None:
    async with open_door(intake.room, max_bytes=10_000) as small:
        reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
        for line in (
            b"EHLO x\r\n",
            b"MAIL FROM:<a@b.org>\r\n",
            f"RCPT TO:<{HELP}>\r\n".encode(),
            b"DATA\r\n",
        ):
            writer.write(line)
        writer.write(b"x" * 1_000_000)
        with suppress(ConnectionError):
            while await asyncio.wait_for(reader.read(10_000), 5):
                await writer.drain()
        await eventually(lambda: not small.conversations)
        writer.close()


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"])
async def test_no_second_mail_is_smuggled_behind_a_bare_line_end(
    intake: Intake, door: SmtpDoor, end: bytes
) -> None:
    inner = b"MAIL FROM:<ceo@bank.example>\r\nRCPT TO:<help@rapport.example>\r\nDATA\r\nFrom: ceo@bank.example\r\n\r\npay"
    outer = b"From: asha@example.org\r\n\r\nhello" + end + inner + b"\r\n.\r\n"
    lines = (
        b"EHLO x\r\n",
        b"MAIL FROM:<asha@example.org>\r\n",
        f"RCPT TO:<{HELP}>\r\n".encode(),
        b"DATA\r\n",
    )
    said = await dialogue(door, *lines, outer, b"QUIT\r\n")
    assert said[-2].startswith(b"250")
    assert said[-1].startswith(b"221")
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}


async def test_starttls_is_not_offered_so_nothing_can_be_injected_before_it(
    door: SmtpDoor,
) -> None:
    said = await dialogue(door, b"EHLO x\r\n", b"STARTTLS\r\nMAIL FROM:<a@b.org>\r\n")
    assert said[-1].startswith(b"454") or said[-1].startswith(b"5")


async def test_beyond_the_limit_a_connection_is_told_to_come_later(intake: Intake) -> None:
    async with open_door(intake.room, max_connections=1) as narrow:
        reader, writer = await asyncio.open_connection("127.0.0.1", narrow.port)
        assert (await reader.readline()).startswith(b"220")
        assert (await dialogue(narrow))[0].startswith(b"421")
        writer.close()
        await eventually(lambda: not narrow.conversations)
        assert (await dialogue(narrow))[0].startswith(b"220")


class Away:
    """A mail room whose database is away."""

    async def take(self, _content: bytes, _envelope: object) -> None:
        raise Unavailable("database: away")


async def test_while_the_database_is_away_the_sender_is_told_to_try_again() -> None:
    async with open_door(Away()) as door:  # type: ignore[arg-type]  # it stands in for an outage
        with pytest.raises(aiosmtplib.SMTPDataError) as put_off:
            await deliver(door, a_mail())
    assert put_off.value.code == 451


class Slow:
    """A mail room that takes its time."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def take(self, _content: bytes, _envelope: object) -> None:
        self.begun.set()
        await self.go.wait()


async def test_a_mail_that_is_here_is_finished_when_the_door_closes() -> None:
    room = Slow()
    async with open_door(room) as door:  # type: ignore[arg-type]  # a slow database
        sending = asyncio.create_task(deliver(door, a_mail()))
        await room.begun.wait()
        asyncio.get_running_loop().call_later(0.2, room.go.set)
    await asyncio.wait_for(sending, 5)
    assert room.go.is_set()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("నా పార్సెల్ ఇంకా రాలేదు, దయచేసి సహాయం చేయండి", "te"),
        ("Миний захиалга хараахан ирээгүй байна", "mn"),
        ("مرحبا، أين طلبي من فضلكم؟", "ar"),
        ("Meine Bestellung ist nicht angekommen 🙂 𝒳", "de"),
    ],
)
async def test_every_alphabet_comes_through(
    intake: Intake, door: SmtpDoor, text: str, language: str
) -> None:
    await deliver(door, a_mail(text))
    [received] = [e.data for e in await intake.said() if isinstance(e.data, ContactReceived)]
    assert (received.personal.text, received.language) == (text, language)
