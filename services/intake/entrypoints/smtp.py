"""The SMTP server: accepts mail that is for us, responds 250 when it is committed, relays nothing."""

import asyncio
import logging
from os import fsdecode
from typing import Any, AnyStr

from aiosmtpd.proxy_protocol import ProxyData
from aiosmtpd.smtp import SMTP, Session, syntax
from aiosmtpd.smtp import Envelope as Incoming

from services.intake.application.inbound_mail import InboundMail
from services.intake.domain.mail import Envelope
from services.intake.entrypoints.senders import Proxies, Senders, sender_of
from services.intake.settings import SmtpSettings
from shared.kernel.errors import Failure, Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

KEPT = "250 2.0.0 we have it"
LATER = "451 4.3.0 we cannot store it now, please try again later"
FULL = b"421 4.7.0 too many connections, please try again later\r\n"
SILENT = b"421 4.4.2 nothing came for too long, please try again later\r\n"
LATE = b"421 4.4.2 the mail takes too long to arrive, please try again later\r\n"
SESSION_OVER = b"421 4.4.2 the session is too long, please connect again\r\n"
NOT_HERE = "550 5.7.1 we do not take mail for this address"
ENOUGH = "452 4.5.3 too many recipients"
OURS = sorted({"552", LATER[:3], FULL[:3].decode(), NOT_HERE[:3], ENOUGH[:3]})
"""The refusals that are to be expected; they are shown from the start."""
REFUSALS = "400"
"""Replies from this code on refuse something."""
LONGEST_LINE = 65_536
GONE = "::"
"""Whoever left before we looked has no address any more."""
NULL_SENDER = "<>"
"""How the library shows the empty return path, that of a bounce."""

# The library logs addresses and lines; we log what we do ourselves.
for library in ("mail.log", "mail.debug"):
    logging.getLogger(library).setLevel(logging.CRITICAL + 1)
log = get_logger(__name__)


class SmtpServer:
    """One listening socket; a part of the api process, and the handler of its conversations."""

    def __init__(self, settings: SmtpSettings, mail: InboundMail) -> None:
        self._settings, self._mail = settings, mail
        self.port = settings.port
        self.proxies = Proxies(settings.proxies)
        self.senders = Senders(settings.max_sender_connections)
        self.conversations: set[Conversation] = set()
        self.storing: set[Conversation] = set()
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

    async def handle_PROXY(  # noqa: N802 - the library names it
        self, conversation: "Conversation", _: Session, __: Incoming, header: ProxyData
    ) -> bool:
        """A load balancer said for whom it speaks."""
        return conversation.begin(sender_of(header))

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
        self, conversation: "Conversation", _: Session, envelope: Incoming
    ) -> str:
        """The whole mail is here: the response comes when it is committed, and not before."""
        content = envelope.original_content or b""
        sender = envelope.mail_from if envelope.mail_from != NULL_SENDER else ""
        around = Envelope(sender=sender or "", recipients=tuple(envelope.rcpt_tos))
        self.storing.add(conversation)
        self._idle.clear()
        try:
            await self._mail.receive(content, around)
        except Failure as failure:
            log.debug("a mail was deferred", reason=failure.detail)
            return LATER
        finally:
            self.storing.discard(conversation)
            if not self.storing:
                self._idle.set()
        return KEPT

    async def handle_exception(self, error: Exception) -> str:
        """A conversation broke; whoever is on the other side tries again."""
        log.error("an SMTP conversation failed", exc_info=error)
        return LATER


class Conversation(SMTP):
    """One connection. Whoever sends far more than we accept, for too long, or too many at once, is cut off.

    A mail that is here in whole is stored and answered first, however late it is.
    """

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
        self._server, self._settings = server, settings
        self._is_refused = len(server.conversations) >= settings.max_connections
        self._sender: str | None = None
        self._session_end = self.loop.time() + settings.session_seconds
        self._deadline: asyncio.TimerHandle | None = None

    async def push(self, status: AnyStr) -> None:
        """Send a reply, ours or the library's; what refuses something is counted."""
        code = fsdecode(status)[:3]
        if code >= REFUSALS:
            metrics.intake_smtp_refusals.labels(code).inc()
        await super().push(status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library names it
        """The mail has so long to arrive, and no longer than the session has."""
        late = self.loop.time() + self._settings.data_seconds
        self._end_at(*min((late, LATE), (self._session_end, SESSION_OVER)))
        try:
            await super().smtp_DATA(arg)
        finally:
            self._end_at(self._session_end, SESSION_OVER)

    def connection_made(self, transport: Any) -> None:
        """Counted from the first moment, and under its sender as soon as that is known."""
        address, *_ = transport.get_extra_info("peername") or (GONE,)
        spoken_for = address in self._server.proxies
        self._is_refused = self._is_refused or not (spoken_for or self._enter(address))
        if self._is_refused:
            self._turn_away(transport, FULL)
            return
        self._server.conversations.add(self)
        self._proxy_timeout = self._settings.timeout_seconds if spoken_for else None
        super().connection_made(transport)
        if spoken_for:
            self._end_at(self.loop.time() + self._settings.timeout_seconds, SILENT)
        else:
            self._end_at(self._session_end, SESSION_OVER)

    def begin(self, sender: str | None) -> bool:
        """A load balancer said for whom it speaks, None for itself; False if that sender has too many connections."""
        if sender is not None and not self._enter(sender):
            self._turn_away(self.transport, FULL)
            return False
        self._end_at(self._session_end, SESSION_OVER)
        return True

    def _enter(self, sender: str) -> bool:
        self._sender = self._server.senders.enter(sender)
        return self._sender is not None

    async def _handle_client(self) -> None:
        """The library's, which closes in silence where PROXY cannot be read: that is for whoever set up the balancer."""
        await super()._handle_client()
        if self.session and self.session.proxy_data is not None and not self.session.proxy_data:
            log.warning("a load balancer wrote no PROXY that can be read")

    def connection_lost(self, error: Exception | None) -> None:
        """And no longer."""
        if not self._is_refused:
            self._server.conversations.discard(self)
            super().connection_lost(error)
        if self._sender is not None:
            self._server.senders.leave(self._sender)
        if self._deadline:
            self._deadline.cancel()

    def eof_received(self) -> bool | None:
        """Whoever leaves before they said for whom they speak is answered nothing; True: the connection stays open."""
        is_silent = self._proxy_timeout is not None and not (
            self.session and self.session.proxy_data
        )
        stays: bool | None = super().eof_received()
        return stays and not is_silent

    def data_received(self, data: bytes) -> None:
        """The library drains what is too large; we drain only so much."""
        self.received += len(data)
        if self.received > 2 * self._settings.max_bytes:
            self.end()
        elif not self._is_refused:
            self._reset_timeout()
            super().data_received(data)

    def end(self) -> None:
        """Close, whatever state it is in."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def _timeout_cb(self) -> None:
        """The library's timer ran out: nothing came. While a mail is stored it is we who are silent."""
        if self in self._server.storing:
            self._reset_timeout()
        else:
            self._over(SILENT)

    def _end_at(self, when: float, reply: bytes) -> None:
        """From now on this moment of the loop's clock is the last, and no other."""
        if self._deadline:
            self._deadline.cancel()
        if self.transport is not None:
            self._deadline = self.loop.call_at(when, self._over, reply)

    def _over(self, reply: bytes) -> None:
        """Its time is over; after a mail that is stored just now `smtp_DATA` looks again."""
        if self in self._server.storing or self.transport is None:
            return
        if self.transport.is_closing():  # and the other side takes nothing of what was said
            self.end()
            return
        self._turn_away(self.transport, reply)
        self._end_at(self.loop.time() + self._settings.timeout_seconds, reply)

    @staticmethod
    def _turn_away(transport: Any, reply: bytes) -> None:
        """Refuse, and close."""
        metrics.intake_smtp_refusals.labels(reply[:3].decode()).inc()
        transport.write(reply)
        transport.close()
