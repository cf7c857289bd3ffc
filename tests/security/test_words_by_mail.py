"""Mail in and mail out: a customer's words never become a line of a head that they are not."""

import base64
import email
from collections.abc import AsyncIterator
from email import policy
from email.message import EmailMessage
from uuid import uuid4

import aiosmtplib
import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.people.mailboxes import Mailboxes
from deploy.local.ports import LOOPBACK
from services.intake.adapters.channels.email.outbound import EmailChannel
from services.intake.domain.delivery import Delivered, LeasedMessage, Refused
from services.intake.domain.mail import LOOP
from services.intake.domain.text import fit, line
from services.intake.settings import MailSettings
from shared.contracts.values import Channel, MessageKind
from tests.security.serving import Server
from tests.security.words import AWKWARD, PLAIN, UNSTORABLE
from tests.support.clock import FakeClock

HELP = "help@rapport.example"
OURS = ["subject", "from", "to", "date", "message-id", LOOP]
BODY = ["content-type", "content-transfer-encoding", "mime-version", "content-language"]
STORED = """
select subject, text from message m where mail_id = $1 and arrival_key is not null
"""
every = pytest.mark.parametrize("words", AWKWARD.values(), ids=list(AWKWARD))


class Provider(Mailboxes):
    """A mail provider that keeps the bytes as they came, and says how the envelope read."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[bytes, list[str]]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library names it
        self.came.append((envelope.original_content or b"", list(envelope.rcpt_tos)))
        return "250 OK"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    started = Provider()
    await started.start()
    yield started
    await started.stop()


def a_message(**changes: object) -> LeasedMessage:
    usual: dict[str, object] = {
        "message_id": uuid4(),
        "contact_id": uuid4(),
        "kind": MessageKind.REPLY,
        "channel": Channel.EMAIL,
        "subject": "Re: Parcel",
        "text": "It is on its way.",
        "language": "en",
        "address": "asha@example.org",
        "attempts": 1,
        "automatic": False,
        "in_reply_to": None,
        "trace": None,
    }
    return LeasedMessage(**(usual | changes))  # type: ignore[arg-type]  # each is of its field's type


async def sent(provider: Provider, message: LeasedMessage) -> EmailMessage:
    """The mail as it came to the provider, with nobody but the customer on its envelope."""
    channel = EmailChannel(MailSettings(host=LOOPBACK, port=provider.port), FakeClock())
    assert await channel.deliver(message) == Delivered()
    await channel.close()
    [(content, recipients)] = provider.came
    assert recipients == [message.address]
    return email.message_from_bytes(content, policy=policy.default)


def shown(mail: EmailMessage) -> str:
    """The text of its only part."""
    return base64.b64decode(str(mail.get_payload())).decode().replace("\r\n", "\n")


@every
async def test_a_reply_carries_the_customers_subject_and_no_line_more(
    provider: Provider, words: str
) -> None:
    mail = await sent(provider, a_message(subject=f"Re: {words}", text=words))
    assert sorted(name.lower() for name in mail) == sorted([*OURS, *BODY])
    assert mail["Subject"] == line(f"Re: {words}")
    assert mail["To"] == "asha@example.org"
    assert shown(mail).split() == words.split()


@pytest.mark.parametrize("address", ["asha+a/b=c!#$%&'*+?^_`{|}~@example.org", "x" * 60 + "@a.org"])
async def test_an_unusual_address_is_written_to_as_it_is(provider: Provider, address: str) -> None:
    mail = await sent(provider, a_message(address=address))
    assert mail["To"] == address


@pytest.mark.parametrize("words", ["a\nb@example.org", "=?utf-8?q?=0d=0aBcc:_b@x.org?=@a.org"])
async def test_an_address_that_would_break_the_head_is_not_written_to(
    provider: Provider, words: str
) -> None:
    channel = EmailChannel(MailSettings(host=LOOPBACK, port=provider.port), FakeClock())
    assert isinstance(await channel.deliver(a_message(address=words)), Refused)
    assert provider.came == []


async def handed_in(server: Server, content: bytes) -> None:
    async with aiosmtplib.SMTP(hostname=LOOPBACK, port=server.smtp, start_tls=False) as client:
        await client.sendmail("asha@example.org", [HELP], content)


async def stored(server: Server, mail_id: str) -> asyncpg.Record | None:
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchrow(STORED, mail_id)
    finally:
        await connection.close()


def encoded(words: str) -> bytes:
    """An encoded word that says exactly this, line ends included."""
    content = base64.b64encode(words.encode("utf-8", "surrogatepass"))
    return b"=?utf-8?b?" + content + b"?="


@pytest.mark.parametrize("words", (AWKWARD | UNSTORABLE).values(), ids=list(AWKWARD | UNSTORABLE))
async def test_a_mail_says_what_its_encoded_words_say(
    servers: dict[str, Server], words: str
) -> None:
    mail_id = f"<{uuid4()}@example.org>"
    content = base64.b64encode(words.encode("utf-8", "surrogatepass"))
    await handed_in(
        servers["intake"],
        b"From: " + encoded(words) + b" <asha@example.org>\r\n"
        b"Subject: " + encoded(words) + b"\r\n"
        b"Message-ID: " + mail_id.encode() + b"\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + content + b"\r\n",
    )
    found = await stored(servers["intake"], mail_id)
    assert found is not None
    if words in AWKWARD.values():
        assert found["subject"] == line(words)
        assert found["text"].split() == fit(words).split()


@pytest.mark.parametrize("words", PLAIN.values(), ids=list(PLAIN))
async def test_raw_bytes_in_a_head_are_read_as_what_they_are(
    servers: dict[str, Server], words: str
) -> None:
    mail_id = f"<{uuid4()}@example.org>"
    head = f"From: asha@example.org\r\nSubject: {words}\r\nMessage-ID: {mail_id}\r\n\r\n{words}\r\n"
    await handed_in(servers["intake"], head.encode())
    found = await stored(servers["intake"], mail_id)
    assert found is not None
    if "=?" not in words:
        assert found["subject"].split() == words.split()
    assert "\r" not in found["subject"]
    assert "\n" not in found["subject"]


async def test_a_mail_whose_id_is_an_encoded_word_is_not_answered_to_by_it(
    servers: dict[str, Server],
) -> None:
    mail_id = "<=?utf-8?q?=0d=0aBcc:=20b@x.org?=@example.org>"
    head = f"From: asha@example.org\r\nSubject: a\r\nMessage-ID: {mail_id}\r\n\r\nPlease help.\r\n"
    await handed_in(servers["intake"], head.encode())
    assert await stored(servers["intake"], mail_id) is None
