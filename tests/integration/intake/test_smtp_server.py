"""The SMTP server, over real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from prometheus_client import REGISTRY

from services.intake.application.inbound_mail import InboundMail
from services.intake.entrypoints.smtp import SmtpServer
from services.intake.settings import SmtpSettings
from shared.contracts.intake import ContactReceived, MessageReceived
from shared.kernel.errors import Unavailable
from tests.integration.intake.place import Intake
from tests.support.eventually import eventually
from tests.support.kafka import running

HELP = "help@rapport.example"


@asynccontextmanager
async def listening(mail: InboundMail, **changes: Any) -> AsyncIterator[SmtpServer]:
    server = SmtpServer(SmtpSettings(port=0, **changes), mail)
    async with running(server):
        await eventually(lambda: server.open, within=5)
        yield server


@pytest.fixture
async def server(intake: Intake) -> AsyncIterator[SmtpServer]:
    async with listening(intake.mail) as opened:
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
    server: SmtpServer, mail: EmailMessage | bytes, to: str = HELP, sender: str = "asha@example.org"
) -> None:
    content = mail if isinstance(mail, bytes) else mail.as_bytes()
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, start_tls=False) as client:
        await client.sendmail(sender, [to], content)


async def dialogue(server: SmtpServer, *lines: bytes) -> list[bytes]:
    """Say these lines one by one; the last line of each answer, the greeting first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answers = [await reader.readline()]
    for line in lines:
        writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        answers.append(answer)
    writer.close()
    return answers


async def test_a_mail_is_a_contact_when_it_is_answered_250(
    intake: Intake, server: SmtpServer
) -> None:
    await deliver(server, a_mail(Subject="Parcel", Message_ID="<1@example.org>"))
    [received] = [e.data for e in await intake.said() if isinstance(e.data, ContactReceived)]
    assert received.personal.text == "My parcel is late, please help"
    assert (received.personal.subject, received.personal.name) == ("Parcel", "Asha")
    assert (received.channel, received.language) == ("email", "en")


async def test_the_same_mail_twice_is_one_contact(intake: Intake, server: SmtpServer) -> None:
    mail = a_mail(Message_ID="<1@example.org>")
    await asyncio.gather(*(deliver(server, mail) for _ in range(8)))
    assert await intake.accounts() == {"email": (8, 1, 0, 7)}


async def test_an_answer_to_our_acknowledgement_joins_its_contact(
    intake: Intake, server: SmtpServer
) -> None:
    await deliver(server, a_mail())
    said_id = await intake.value("select message_id from message where state is not null")
    await deliver(server, a_mail("One more thing", In_Reply_To=f"<{said_id}@rapport.example>"))
    [again] = [e.data for e in await intake.said() if isinstance(e.data, MessageReceived)]
    assert again.personal.text == "One more thing"


async def test_it_is_no_open_relay(intake: Intake, server: SmtpServer) -> None:
    for address in ("victim@elsewhere.example", "help@rapport.example.evil.org", "postmaster"):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await deliver(server, a_mail(), to=address)
    assert await intake.accounts() == {}


async def test_what_cannot_be_read_is_quarantined_and_answered_250(
    intake: Intake, server: SmtpServer
) -> None:
    await deliver(server, b"Subject: nobody\r\n\r\nhello\r\n", sender="")
    [kept] = await intake.rows("select * from quarantine")
    assert (kept["reason"], kept["content"]) == (
        "the mail has no sender",
        b"Subject: nobody\r\n\r\nhello\r\n",
    )
    assert await intake.accounts() == {"email": (1, 0, 1, 0)}


async def test_too_large_is_552_by_announcement_and_by_count(intake: Intake) -> None:
    async with listening(intake.mail, max_bytes=10_000) as small:
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
    async with listening(intake.mail, max_bytes=10_000) as small:
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


def refusals(code: str) -> float:
    return REGISTRY.get_sample_value("rapport_intake_smtp_refusals_total", {"code": code}) or 0.0


async def dribbled(server: SmtpServer, *lines: bytes, drop: bytes) -> bytes:
    """Say these lines, then `drop` every few milliseconds until the server closes; the last it says."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.writelines(lines)
    answers = asyncio.create_task(reader.read())
    while not answers.done():
        writer.write(drop)
        await asyncio.wait({answers}, timeout=0.02)
    writer.close()
    return answers.result().splitlines()[-1]


BEGUN = (b"EHLO x\r\n", b"MAIL FROM:<a@b.org>\r\n", f"RCPT TO:<{HELP}>\r\n".encode(), b"DATA\r\n")


@pytest.mark.parametrize("drop", [b"x", b"x\r\n"], ids=["letters", "lines"])
async def test_a_mail_that_dribbles_in_is_given_up_with_421_and_counted(
    intake: Intake, drop: bytes
) -> None:
    before = refusals("421")
    limits = {"timeout_seconds": 0.2, "data_seconds": 0.5}
    async with listening(intake.mail, **limits) as server:
        last = await asyncio.wait_for(dribbled(server, *BEGUN, drop=drop), 5)
        await eventually(lambda: not server.conversations)
    assert last.startswith(b"421 4.4.2 the mail takes too long")
    assert refusals("421") == before + 1
    assert await intake.accounts() == {}


@pytest.mark.parametrize(
    ("lines", "drop"), [((), b"NOOP\r\n"), (BEGUN, b"x")], ids=["commands", "a mail"]
)
async def test_a_session_that_goes_on_and_on_is_ended_with_421_and_counted(
    intake: Intake, lines: tuple[bytes, ...], drop: bytes
) -> None:
    before = refusals("421")
    limits = {"timeout_seconds": 0.2, "data_seconds": 0.5, "session_seconds": 0.5}
    async with listening(intake.mail, **limits) as server:
        last = await asyncio.wait_for(dribbled(server, *lines, drop=drop), 5)
        await eventually(lambda: not server.conversations)
    assert last.startswith(b"421 4.4.2 the session is too long")
    assert refusals("421") == before + 1


async def test_a_silent_connection_gets_421_and_is_closed(intake: Intake) -> None:
    async with listening(intake.mail, timeout_seconds=0.2) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert said.splitlines()[-1].startswith(b"421 4.4.2 nothing came")


async def test_who_takes_none_of_our_replies_is_cut_off_all_the_same(intake: Intake) -> None:
    limits = {"timeout_seconds": 0.2, "data_seconds": 0.5, "session_seconds": 0.5}
    async with listening(intake.mail, **limits) as server:
        deaf = socket.create_connection(("127.0.0.1", server.port))
        deaf.setblocking(False)
        await eventually(lambda: len(server.conversations) == 1)
        with suppress(BlockingIOError):
            while True:
                deaf.send(b"NOOP\r\n" * 10_000)
        await eventually(lambda: not server.conversations, within=5)
        deaf.close()


async def test_a_slow_mail_that_keeps_coming_is_no_silence(intake: Intake) -> None:
    async with listening(intake.mail, timeout_seconds=0.3) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        answers = asyncio.create_task(reader.read())
        writer.writelines((*BEGUN, b"From: a@b.org\r\n\r\n"))
        for _ in range(12):
            writer.write(b"help\r\n")
            await asyncio.wait({answers}, timeout=0.05)
        writer.write(b".\r\nQUIT\r\n")
        said = await asyncio.wait_for(answers, 5)
        writer.close()
    assert said.splitlines()[-2].startswith(b"250 2.0.0")


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r"])
async def test_no_second_mail_is_smuggled_behind_a_bare_line_end(
    intake: Intake, server: SmtpServer, end: bytes
) -> None:
    inner = b"MAIL FROM:<ceo@bank.example>\r\nRCPT TO:<help@rapport.example>\r\nDATA\r\nFrom: ceo@bank.example\r\n\r\npay"
    outer = b"From: asha@example.org\r\n\r\nhello" + end + inner + b"\r\n.\r\n"
    lines = (
        b"EHLO x\r\n",
        b"MAIL FROM:<asha@example.org>\r\n",
        f"RCPT TO:<{HELP}>\r\n".encode(),
        b"DATA\r\n",
    )
    said = await dialogue(server, *lines, outer, b"QUIT\r\n")
    assert said[-2].startswith(b"250")
    assert said[-1].startswith(b"221")
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}


async def test_starttls_is_not_offered_so_nothing_can_be_injected_before_it(
    server: SmtpServer,
) -> None:
    said = await dialogue(server, b"EHLO x\r\n", b"STARTTLS\r\nMAIL FROM:<a@b.org>\r\n")
    assert said[-1].startswith(b"454") or said[-1].startswith(b"5")


async def test_beyond_the_limit_a_connection_has_to_come_later(intake: Intake) -> None:
    async with listening(intake.mail, max_connections=1) as narrow:
        reader, writer = await asyncio.open_connection("127.0.0.1", narrow.port)
        assert (await reader.readline()).startswith(b"220")
        assert (await dialogue(narrow))[0].startswith(b"421")
        writer.close()
        await eventually(lambda: not narrow.conversations)
        assert (await dialogue(narrow))[0].startswith(b"220")


class Away:
    """Inbound mail whose database is away."""

    async def receive(self, _content: bytes, _envelope: object) -> None:
        raise Unavailable("database: away")


async def test_while_the_database_is_away_the_sender_has_to_try_again() -> None:
    async with listening(Away()) as server:  # type: ignore[arg-type]  # it stands in for an outage
        with pytest.raises(aiosmtplib.SMTPDataError) as deferred:
            await deliver(server, a_mail())
    assert deferred.value.code == 451


class Slow:
    """Inbound mail that needs a long time."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def receive(self, _content: bytes, _envelope: object) -> None:
        self.begun.set()
        await self.go.wait()


async def test_a_mail_that_is_here_is_stored_and_answered_however_late_it_is() -> None:
    slow, limits = Slow(), {"timeout_seconds": 0.1, "data_seconds": 0.2, "session_seconds": 0.2}
    async with listening(slow, **limits) as server:  # type: ignore[arg-type]  # a slow database
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.writelines((*BEGUN, b"help\r\n.\r\n"))
        await slow.begun.wait()
        asyncio.get_running_loop().call_later(0.5, slow.go.set)
        said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert [line[:4] for line in said.splitlines()[-2:]] == [b"250 ", b"421 "]


async def test_a_mail_that_is_here_is_finished_when_the_server_closes() -> None:
    slow = Slow()
    async with listening(slow) as server:  # type: ignore[arg-type]  # a slow database
        sending = asyncio.create_task(deliver(server, a_mail()))
        await slow.begun.wait()
        asyncio.get_running_loop().call_later(0.2, slow.go.set)
    await asyncio.wait_for(sending, 5)
    assert slow.go.is_set()


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
    intake: Intake, server: SmtpServer, text: str, language: str
) -> None:
    await deliver(server, a_mail(text))
    [received] = [e.data for e in await intake.said() if isinstance(e.data, ContactReceived)]
    assert (received.personal.text, received.language) == (text, language)
