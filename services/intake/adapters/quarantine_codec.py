"""The quarantine codec: what is put aside, in a form in which it can be read again."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.intake.adapters.channels.port import MailReader
from services.intake.adapters.db.quarantine import Overflow, Quarantined
from services.intake.domain.arrival import Arrival
from services.intake.domain.channels import Channels
from services.intake.domain.mail import Envelope
from services.intake.domain.submission import arrival_of_event
from shared.contracts.cloudevents import GARBLED, decode
from shared.contracts.record import Origin
from shared.contracts.values import Channel
from shared.kernel.errors import Invalid
from shared.messaging.dead_letters.letter import DeadLetter

SMTP, INBOX = "smtp", "inbox"
UNREADABLE = "unknown"
"""The channel of an event that cannot be read far enough to tell."""


class KafkaEnvelope(msgspec.Struct, frozen=True, kw_only=True):
    """What came around a record's value; in JSON the contents of headers are base64."""

    origin: Origin
    headers: list[tuple[str, bytes | None]]


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A `Record` made of what was kept of it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    key: bytes | None = None


def of_mail(
    quarantine_id: UUID, content: bytes, envelope: Envelope, reason: str, at: datetime
) -> Quarantined:
    """A mail that cannot be read or stored."""
    return Quarantined(
        quarantine_id=quarantine_id,
        source=SMTP,
        channel=Channel.EMAIL,
        reason=reason,
        content=content,
        envelope=envelope,
        received_at=at,
    )


def of_dead_letter(letter: DeadLetter, at: datetime) -> Quarantined:
    """A record that cannot be processed; the same record gives the same id."""
    item = Quarantined(
        quarantine_id=letter.mark,
        source=INBOX,
        channel=_channel(letter),
        reason=f"{letter.reason}: {letter.detail}" + _left(letter),
        content=letter.value or b"",
        envelope=KafkaEnvelope(origin=letter.origin, headers=list(letter.headers)),
        received_at=at,
    )
    return msgspec.structs.replace(item, arrival_key=_arrival_key(item))


def left_at_origin(letter: DeadLetter, at: datetime) -> Overflow:
    """A record of which there is to be known where it stands, and no more."""
    origin = letter.origin
    return Overflow(
        topic=origin.topic,
        partition=origin.partition,
        channel=_channel(letter),
        reason=letter.reason,
        count=1,
        first_offset=origin.offset,
        last_offset=origin.offset,
        first_at=at,
        last_at=at,
    )


def size_of(letter: DeadLetter) -> int:
    """The bytes that keeping it takes."""
    around = sum(len(name) + len(content or b"") for name, content in letter.headers)
    return len(letter.value or b"") + around


async def read_again(
    item: Quarantined, reader: MailReader, channels: Channels, now: datetime
) -> Arrival:
    """The arrival in it; raises `Invalid` if it still cannot be read, `Unavailable`."""
    if item.source == SMTP:
        return await reader.read(item.content, msgspec.convert(item.envelope, Envelope), now)
    return arrival_of_event(decode(_record(item)), channels, now)


def _record(item: Quarantined) -> StoredRecord:
    around = msgspec.convert(item.envelope, KafkaEnvelope)
    return StoredRecord(
        topic=around.origin.topic,
        partition=around.origin.partition,
        offset=around.origin.offset,
        timestamp=int(item.received_at.timestamp() * 1000),
        value=item.content,
        headers=around.headers,
    )


def _arrival_key(item: Quarantined) -> UUID | None:
    try:
        return decode(_record(item)).id
    except Invalid:
        return None


def _left(letter: DeadLetter) -> str:
    return f"; its {letter.left} bytes are at its origin alone" if letter.left else ""


class _Data(msgspec.Struct, frozen=True):
    """What of a submission tells its channel: the value itself in binary mode, its `data` in structured."""

    channel: Channel | None = None


class _Value(_Data, frozen=True):
    data: _Data = _Data()


def _channel(letter: DeadLetter) -> str:
    try:
        value = msgspec.json.decode(letter.value or b"", type=_Value)
    except GARBLED:
        return UNREADABLE
    return value.channel or value.data.channel or UNREADABLE
