"""The SMTP server: accepts mail that is for us, responds 250 when it is committed, relays nothing."""

import asyncio
import logging
from os import fsdecode
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Incoming

from services.intake.application.inbound_mail import InboundMail
from services.intake.domain.mail import Envelope
from services.intake.settings import SmtpSettings
from shared.kernel.errors import Failure, Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

KEPT = "250 2.0.0 we have it"
LATER = "451 4.3.0 we cannot store it now, please try again later"
FULL = b"421 4.7.0 too many connections, please try again later\r\n"
NOT_HERE = "550 5.7.1 we do not take mail for this address"
ENOUGH = "452 4.5.3 too many recipients"
OURS = sorted({"552", LATER[:3], FULL[:3].decode(), NOT_HERE[:3], ENOUGH[:3]})
"""The refusals that are to be expected; they are shown from the start."""
REFUSALS = "400"
"""Replies from this code on refuse something."""
LONGEST_LINE = 65_536
NULL_SENDER = "<>"
"""How the library shows the empty return path, that of a bounce."""

# The library logs addresses and lines; we log what we do ourselves.
logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
log = get_logger(__name__)


class SmtpServer:
    """One listening socket; a part of the api process, and the handler of its conversations."""

    def __init__(self, settings: SmtpSettings, mail: InboundMail) -> None:
        self._settings, self._mail = settings, mail
        self.port = settings.port
        self.conversations: set[Conversation] = set()
        self._in_progress = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.open = False
        for code in OURS:
            metrics.intake_smtp_refusals.labels(code)

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`, then finish the mails that were handed over completely."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Conversation(self, self._settings), self._settings.host, self._settings.port
        )
        self.port = server.sockets[0].getsockname()[1]
        self.open = True
        log.info("listening for mail", host=self._settings.host, port=self.port)
        await stop.wait()
        self.open = False
        server.close()
        await self._idle.wait()
        for conversation in list(self.conversations):
            conversation.end()

    async def check(self) -> None:
        """Raises `Unavailable` while the server is not listening."""
        if not self.open:
            raise Unavailable("the server for mail is not listening")

    async def handle_MAIL(  # noqa: N802 - the library names it
        self,
        server: "Conversation",
        _: Session,
        envelope: Incoming,
        address: str,
        options: list[str],
    ) -> str:
        """A new mail begins."""
        server.received = 0
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the library names it
        self, _: Any, __: Session, envelope: Incoming, address: str, options: list[str]
    ) -> str:
        """Only for the domains that are ours."""
        if address.rpartition("@")[2].lower() not in self._settings.domains:
            return NOT_HERE
        if len(envelope.rcpt_tos) >= self._settings.max_recipients:
            return ENOUGH
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library names it
        self, _: Any, __: Session, envelope: Incoming
    ) -> str:
        """The whole mail is here: the response comes when it is committed, and not before."""
        content = envelope.original_content or b""
        sender = envelope.mail_from if envelope.mail_from != NULL_SENDER else ""
        around = Envelope(sender=sender or "", recipients=tuple(envelope.rcpt_tos))
        self._in_progress += 1
        self._idle.clear()
        try:
            await self._mail.receive(content, around)
        except Failure as failure:
            log.debug("a mail was deferred", reason=failure.detail)
            return LATER
        finally:
            self._in_progress -= 1
            if not self._in_progress:
                self._idle.set()
        return KEPT

    async def handle_exception(self, error: Exception) -> str:
        """A conversation broke; whoever is on the other side tries again."""
        log.error("an SMTP conversation failed", exc_info=error)
        return LATER


class Conversation(SMTP):
    """One connection. Whoever sends far more than we accept, or too many at once, is cut off."""

    line_length_limit = LONGEST_LINE

    def __init__(self, server: SmtpServer, settings: SmtpSettings) -> None:
        super().__init__(
            server,
            data_size_limit=settings.max_bytes,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident="Rapport",
            timeout=settings.timeout_seconds,
            loop=asyncio.get_running_loop(),
        )
        self.received = 0
        self._server, self._max_received = server, 2 * settings.max_bytes
        self._is_refused = len(server.conversations) >= settings.max_connections

    async def push(self, status: AnyStr) -> None:
        """Send a reply, ours or the library's; what refuses something is counted."""
        code = fsdecode(status)[:3]
        if code >= REFUSALS:
            metrics.intake_smtp_refusals.labels(code).inc()
        await super().push(status)

    def connection_made(self, transport: Any) -> None:
        """Counted from the first moment."""
        if self._is_refused:
            metrics.intake_smtp_refusals.labels(FULL[:3].decode()).inc()
            transport.write(FULL)
            transport.close()
            return
        self._server.conversations.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """And no longer."""
        if not self._is_refused:
            self._server.conversations.discard(self)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """The library drains what is too large; we drain only so much."""
        self.received += len(data)
        if self.received > self._max_received:
            self.end()
        elif not self._is_refused:
            super().data_received(data)

    def end(self) -> None:
        """Close, whatever state it is in."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
