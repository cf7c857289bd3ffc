"""Inbound mail: its bytes are read and stored, or put into quarantine; never lost."""

from services.intake.adapters.channels.port import MailReader
from services.intake.adapters.quarantine_codec import of_mail
from services.intake.application import quarantine
from services.intake.application.submission import Submission
from services.intake.domain.arrival import Arrival
from services.intake.domain.mail import Envelope
from shared.contracts.values import Channel
from shared.database.database import Database
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid, Overloaded, Unavailable
from shared.kernel.ids import new_id
from shared.observability import span_names, tracing
from shared.observability.logging import get_logger

log = get_logger(__name__)


class InboundMail:
    """What the SMTP server hands its mails to."""

    def __init__(
        self, database: Database, submission: Submission, reader: MailReader, clock: Clock
    ) -> None:
        self._database, self._submission, self._clock = database, submission, clock
        self._reader = reader

    async def receive(self, content: bytes, envelope: Envelope) -> None:
        """Returns when the mail is committed, readable or not. Raises `Unavailable`, `Overloaded`."""
        with tracing.span(span_names.RECEIVE, channel=Channel.EMAIL):
            try:
                await self._submission.submit(await self._read(content, envelope))
            except Invalid as error:
                await self._put_aside(content, envelope, error.detail)
            except (Unavailable, Overloaded):
                raise
            except Exception as error:
                log.exception("a mail could not be stored")
                await self._put_aside(content, envelope, f"not stored: {type(error).__name__}")

    async def _read(self, content: bytes, envelope: Envelope) -> Arrival:
        now, trace = self._clock.now(), tracing.current()
        return await self._reader.read(content, envelope, now, trace)

    async def _put_aside(self, content: bytes, envelope: Envelope, reason: str) -> None:
        item = of_mail(new_id(), content, envelope, reason, self._clock.now())
        async with self._database.transaction() as tx:
            await quarantine.keep(tx, [item])
        log.warning("a mail went into quarantine", id=str(item.quarantine_id), reason=reason)
