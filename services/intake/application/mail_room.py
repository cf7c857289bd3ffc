"""The mail room: a mail's bytes are read and stored, or put into quarantine; never lost."""

from services.intake.adapters.mail_in import Envelope
from services.intake.adapters.reading import MailReaders
from services.intake.adapters.rereading import of_mail
from services.intake.application import quarantine
from services.intake.application.reception import Reception
from services.intake.domain.arrival import Arrival
from shared.database.database import Database
from shared.kernel.clock import Clock
from shared.kernel.errors import Invalid, Overloaded, Unavailable
from shared.kernel.ids import new_id
from shared.observability import names, tracing
from shared.observability.logging import get_logger

log = get_logger(__name__)


class MailRoom:
    """What the SMTP door hands its mails to."""

    def __init__(
        self, database: Database, reception: Reception, readers: MailReaders, clock: Clock
    ) -> None:
        self._database, self._reception, self._clock = database, reception, clock
        self._readers = readers

    async def take(self, content: bytes, envelope: Envelope) -> None:
        """Returns when the mail is committed, readable or not. Raises `Unavailable`, `Overloaded`."""
        with tracing.span(names.RECEIVE, channel="email"):
            try:
                await self._reception.take(await self._read(content, envelope))
            except Invalid as error:
                await self._put_aside(content, envelope, error.detail)
            except (Unavailable, Overloaded):
                raise
            except Exception as error:
                log.exception("a mail could not be stored")
                await self._put_aside(content, envelope, f"not stored: {type(error).__name__}")

    async def _read(self, content: bytes, envelope: Envelope) -> Arrival:
        now, trace = self._clock.now(), tracing.current()
        return await self._readers.read(content, envelope, now, trace)

    async def _put_aside(self, content: bytes, envelope: Envelope, reason: str) -> None:
        item = of_mail(new_id(), content, envelope, reason, self._clock.now())
        async with self._database.transaction() as tx:
            await quarantine.keep(tx, [item])
        log.warning("a mail went into quarantine", id=str(item.quarantine_id), reason=reason)
