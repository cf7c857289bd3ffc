"""Outbound mail: a message as the mail it becomes, and the server that delivers it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

from services.intake.domain.address import ContactPoint, PointKind, email_point
from services.intake.domain.delivery import (
    Deferred,
    Delivered,
    DeliveryOutcome,
    LeasedMessage,
    Refused,
)
from services.intake.domain.mail import LOOP, own_mail_id
from services.intake.domain.text import line
from services.intake.settings import MailSettings
from shared.contracts.values import MessageKind
from shared.kernel.clock import Clock

PERMANENT = 500
AUTO_SUBMITTED = {
    MessageKind.ACKNOWLEDGEMENT: "auto-replied",
    MessageKind.CHECK_IN: "auto-generated",
}
_UNWRITABLE = (ValueError, LookupError, TypeError, AttributeError, MessageError)


class EmailChannel:
    """Hands mails to one SMTP server over connections that it keeps while there is work."""

    is_open = True

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._idle: list[aiosmtplib.SMTP] = []

    def point_of(self, address: str) -> ContactPoint:
        """The contact point of a mail address; raises `Invalid`."""
        return email_point(address)

    def reaches(self, point: ContactPoint) -> bool:
        """Every mail address, however its customer wrote to us."""
        return point.kind is PointKind.EMAIL

    async def deliver(self, message: LeasedMessage) -> DeliveryOutcome:
        """Try once. The same message has the same Message-ID at every try."""
        try:
            content = _subject(message.subject) + self._mail(message).as_bytes()
        except _UNWRITABLE as error:
            return Refused(f"the mail cannot be written: {type(error).__name__}")
        # A null return path: what replies to a machine must not start a conversation of machines.
        sender = "" if message.automatic else self._settings.sender
        try:
            async with self._connection() as connection:
                await connection.sendmail(
                    sender, [message.address], content, mail_options=_options(message)
                )
        except (SMTPException, OSError, ValueError) as error:
            return _outcome(error)
        return Delivered()

    async def close(self) -> None:
        """Say goodbye on all connections."""
        while self._idle:
            self._idle.pop().close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection for one mail; it is kept only if that went well."""
        connection = self._idle.pop() if self._idle else self._new()
        if not connection.is_connected:
            connection = self._new()  # the password may have been replaced since
        try:
            if not connection.is_connected:
                await connection.connect()
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _new(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_seconds,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            use_tls=settings.use_tls,
            start_tls=settings.start_tls,
            local_hostname=settings.domain,
        )

    def _mail(self, message: LeasedMessage) -> EmailMessage:
        mail = EmailMessage(policy=policy.SMTPUTF8 if _options(message) else policy.SMTP)
        mail["From"] = formataddr((self._settings.sender_name, self._settings.sender))
        mail["To"] = message.address
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = own_mail_id(message.message_id, self._settings.domain)
        mail[LOOP] = self._settings.domain
        if message.in_reply_to:
            mail["In-Reply-To"] = mail["References"] = message.in_reply_to
        if message.kind in AUTO_SUBMITTED:
            mail["Auto-Submitted"] = AUTO_SUBMITTED[message.kind]
        mail.set_content(message.text, cte="base64")
        mail["Content-Language"] = message.language
        return mail


def _subject(text: str) -> bytes:
    """The line of the head, all of it encoded.

    `EmailMessage` would decode a customer's words that look encoded, with the line ends in them.
    """
    encoded = Header(line(text), "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {encoded}\r\n".encode("ascii")


def _options(message: LeasedMessage) -> list[str]:
    """An address beyond ASCII needs a server that takes such."""
    return [] if message.address.isascii() else ["SMTPUTF8"]


def _outcome(error: Exception) -> DeliveryOutcome:
    """Only what the server says about this very mail, and for ever, settles it."""
    code = _code(error)
    if code is None:
        return Deferred(f"not sent: {type(error).__name__}", away=True)
    if code >= PERMANENT:
        return Refused(f"refused by the mail server: {code}")
    return Deferred(f"put off by the mail server: {code}")


def _code(error: Exception) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        return min((each.code for each in error.recipients), default=None)
    return error.code if isinstance(error, SMTPSenderRefused | SMTPDataError) else None
