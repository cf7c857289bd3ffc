"""The customers' mail provider: takes what the platform sends and keeps it by address."""

import asyncio
import email
import email.policy
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import LOOPBACK

LINK = re.compile(r"https?://\S+/v1/check-ins/[^\s>]+")


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived in a customer's mailbox."""

    to: str
    message_id: str
    subject: str
    text: str
    headers: dict[str, str]

    @property
    def link(self) -> str | None:
        """The check-in link in it, if there is one."""
        found = LINK.search(self.text)
        return found.group().rstrip(".,)") if found else None


class Mailboxes:
    """A small SMTP server on loopback; `listeners` are called with each mail, in order of arrival."""

    def __init__(self, port: int = 0) -> None:
        self.mails: dict[str, list[Mail]] = defaultdict(list)
        self.listeners: list[Callable[[Mail], None]] = []
        self.port = port
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()

    async def start(self) -> None:
        """Listen on `port`, or on a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), LOOPBACK, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd names it
        """Take one mail; called by the server."""
        content = envelope.content
        parsed = email.message_from_bytes(
            content if isinstance(content, bytes) else (content or "").encode(),
            policy=email.policy.default,
        )
        for address in envelope.rcpt_tos:
            await self._keep(read_mail(address, parsed))
        return "250 OK"

    async def _keep(self, mail: Mail) -> None:
        async with self._arrived:
            self.mails[mail.to].append(mail)
            self._arrived.notify_all()
        for listener in self.listeners:
            listener(mail)

    async def wait_for(
        self, address: str, wanted: Callable[[Mail], bool], within: float = 30.0
    ) -> Mail:
        """The first mail to `address` that is wanted; TimeoutError if none comes in time."""

        def found() -> Mail | None:
            return next((mail for mail in self.mails[address] if wanted(mail)), None)

        async with asyncio.timeout(within), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
            mail = found()
        if mail is None:
            raise TimeoutError(address)
        return mail


def read_mail(address: str, parsed: EmailMessage) -> Mail:
    """What a mail program would show."""
    body = parsed.get_body(("plain", "html"))
    return Mail(
        to=address.lower(),
        message_id=str(parsed["Message-ID"] or ""),
        subject=str(parsed["Subject"] or ""),
        text=body.get_content().replace("\r\n", "\n") if body else "",
        headers={name.lower(): str(value) for name, value in parsed.items()},
    )
