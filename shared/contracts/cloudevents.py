"""The envelope: CloudEvents 1.0 over Kafka. Binary mode is written; binary and structured are read.

Nothing here does I/O. What cannot be read raises `Invalid` with a reason free of personal data.
"""

import re
from base64 import b64decode
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Annotated, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec

from shared.contracts import external, followup, intake, routing
from shared.contracts.event import REGISTRY, Event, subject_of, topic_of, type_of, written
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id, stable_id

MODULES = (external, intake, routing, followup)
OURS = "rapport/"
STRUCTURED = b"application/cloudevents+json"
JSON = b"application/json"
REPLAYS = "rapport-replays"
"""The header of a record that is a replay: how many there were of it."""
MAX_ATTRIBUTE = 1_024
MAX_TRACEPARENT, MAX_TRACESTATE = 128, 512
MAX_SEQUENCE = 2**63 - 1

E_co = TypeVar("E_co", bound=Event, covariant=True)
Headers = Sequence[tuple[str, bytes | None]]
GARBLED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises over bytes that are not what they should be, or are nested without end."""
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Record(Protocol):
    """A Kafka record as clients hand it out; `timestamp` in milliseconds since 1970."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class TraceContext(msgspec.Struct, frozen=True):
    """W3C trace context as it travels: `traceparent` and `tracestate`."""

    parent: str
    state: str = ""


class Origin(msgspec.Struct, frozen=True):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int

    @property
    def record_id(self) -> UUID:
        """An id for the record itself, whatever it holds."""
        return stable_id(self.topic, str(self.partition), str(self.offset))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Incoming(msgspec.Struct, Generic[E_co], frozen=True, kw_only=True):
    """An event that was read. `id` is the same for the same (source, id): duplicates share it.

    `replayed` is a record that an operator put back where it came from.
    """

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    data: E_co
    origin: Origin
    seq: int | None = None
    trace: TraceContext | None = None
    replayed: bool = False


class Outgoing(msgspec.Struct, frozen=True):
    """An event to be told. `cause` is what it answers; without `time` it happened at writing.

    `trace` is the one to continue where there is no cause, as when a timer is due.
    """

    data: Event
    cause: Incoming[Event] | None = None
    id: UUID = msgspec.field(default_factory=new_id)
    time: datetime | None = None
    trace: TraceContext | None = None


class Encoded(msgspec.Struct, frozen=True):
    """An event ready for the outbox; who publishes it stamps `source` and `seq` on it."""

    topic: str
    subject: str
    headers: list[tuple[str, bytes | None]]
    value: bytes


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes we read, under their CloudEvents names."""

    id: str
    source: str
    type: str
    specversion: str
    subject: str | None = None
    time: str | None = None
    seq: int | str | None = None
    traceparent: str | None = None
    tracestate: str = ""


class _Structured(_Envelope, frozen=True, kw_only=True):
    """All of it in one JSON object."""

    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: str | None = None


_encode_json = msgspec.json.Encoder().encode
_DECODERS = {name: msgspec.json.Decoder(payload) for name, payload in REGISTRY.items()}
_STRUCTURED = msgspec.json.Decoder(_Structured)
_HEADERS = tuple((name, f"ce_{name}") for name in _Envelope.__struct_fields__)
_REQUIRED = frozenset(("id", "source", "type", "specversion"))
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
_NAME = re.compile(r"rapport\.[a-z_]{1,40}\.[a-z_]{1,40}\.v[0-9]{1,3}")


def caused_by(cause: Incoming[Event], *data: Event) -> list[Outgoing]:
    """Events that answer `cause` and continue its trace."""
    return [Outgoing(payload, cause) for payload in data]


def encode(outgoing: Outgoing, now: datetime, trace: TraceContext | None = None) -> Encoded:
    """Everything of the message but who says it. `trace` is used where the event names none to follow."""
    data, cause = outgoing.data, outgoing.cause
    subject = subject_of(data)
    key = subject.encode()
    trace = cause.trace if cause else outgoing.trace or trace
    headers: list[tuple[str, bytes | None]] = [
        *_constant(type(data)),
        ("ce_id", written(outgoing.id).encode()),
        ("ce_subject", key),
        ("ce_partitionkey", key),
        ("ce_time", _rfc3339(outgoing.time or now)),
    ]
    if cause:
        headers.append(("ce_causationid", written(cause.id).encode()))
    if trace:
        headers.append(("ce_traceparent", trace.parent.encode()))
        if trace.state:
            headers.append(("ce_tracestate", trace.state.encode()))
    return Encoded(topic_of(data).name, subject, headers, _encode_json(data))


@cache
def _constant(payload: type[Event]) -> tuple[tuple[str, bytes], ...]:
    """The headers that all events of a type share."""
    return (
        ("content-type", JSON),
        ("ce_specversion", b"1.0"),
        ("ce_type", type_of(payload).encode()),
    )


def stamp(headers: Headers, source: str, seq: int) -> Headers:
    """The headers as published: who says it, and its place in the aggregate's own order."""
    return [*headers, ("ce_source", source.encode()), ("ce_seq", b"%d" % seq)]


def decode(record: Record) -> Incoming[Event]:
    """The event in a record; raises `Invalid`."""
    envelope, data, replayed = _envelope(record)
    return _open(envelope, data, record, replayed=replayed)


def decode_wanted(record: Record, wanted: Collection[type[Event]]) -> Incoming[Event] | None:
    """As `decode`, but None for a type that is known and not wanted: its payload is not read."""
    envelope, data, replayed = _envelope(record)
    if REGISTRY[envelope.type] not in wanted:
        return None
    return _open(envelope, data, record, replayed=replayed)


def payload_of(record: Record) -> type[Event]:
    """The kind of event in a record, whose payload is not read; raises `Invalid`."""
    return REGISTRY[_envelope(record)[0].type]


def _envelope(record: Record) -> tuple[_Envelope, bytes, bool]:
    """The attributes, the data as it came, and whether it came from an operator."""
    headers, value = dict(record.headers), record.value or b""
    try:
        if (headers.get("content-type") or b"").startswith(STRUCTURED):
            envelope, value = _structured(value)
        else:
            envelope = _binary(headers)
    except GARBLED as error:
        raise Invalid(f"envelope: {_safe(error)}") from error
    _check(envelope)
    return envelope, value, REPLAYS in headers


def _structured(value: bytes) -> tuple[_Envelope, bytes]:
    envelope = _STRUCTURED.decode(value)
    if envelope.data_base64 is None:
        return envelope, bytes(envelope.data)
    try:
        return envelope, b64decode(envelope.data_base64, validate=True)
    except ValueError as error:
        raise Invalid("envelope: data_base64 is not base64") from error


def _binary(headers: dict[str, bytes | None]) -> _Envelope:
    """A header without content, which Kafka allows, is one that was left out."""
    given = {
        name: content.decode()
        for name, header in _HEADERS
        if (content := headers.get(header)) is not None
    }
    if missing := _REQUIRED - given.keys():
        raise Invalid(f"envelope: {min(missing)} is missing")
    return _Envelope(**given)


def _check(envelope: _Envelope) -> None:
    if envelope.specversion != "1.0":
        raise Invalid("envelope: specversion is not 1.0")
    for text in (envelope.id, envelope.source, envelope.subject):
        if text is not None and (not 0 < len(text) <= MAX_ATTRIBUTE or "\0" in text):
            raise Invalid("envelope: id, source or subject is empty, too long or holds NUL")
    if envelope.type not in REGISTRY:
        name = envelope.type if _NAME.fullmatch(envelope.type) else "of no readable name"
        raise Invalid(f"unknown type {name}")


def _open(envelope: _Envelope, value: bytes, record: Record, *, replayed: bool) -> Incoming[Event]:
    data = _payload(envelope.type, value)
    return Incoming(
        id=_identity(envelope),
        type=envelope.type,
        source=envelope.source,
        subject=envelope.subject or subject_of(data),
        time=_moment(envelope.time) if envelope.time else _from_ms(record.timestamp),
        data=data,
        origin=Origin(record.topic, record.partition, record.offset),
        seq=_sequence(envelope.seq),
        trace=_trace(envelope),
        replayed=replayed,
    )


def _payload(type_: str, value: bytes) -> Event:
    if b"\\u0000" in value and _NUL.search(value):
        raise Invalid("data: NUL is not allowed in text")
    try:
        return _DECODERS[type_].decode(value)
    except GARBLED as error:
        raise Invalid(f"data: {_safe(error)}") from error


def _identity(envelope: _Envelope) -> UUID:
    if envelope.source.startswith(OURS):
        try:
            return msgspec.convert(envelope.id, UUID)
        except msgspec.ValidationError as error:
            raise Invalid("envelope: id is not a UUID") from error
    return stable_id(envelope.source, envelope.id)


def _moment(text: str) -> datetime:
    try:
        moment = msgspec.convert(text, Moment)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Invalid(f"envelope: time: {_safe(error)}") from error


def _sequence(seq: int | str | None) -> int | None:
    try:
        number = None if seq is None else int(seq)
    except ValueError as error:
        raise Invalid("envelope: seq is not a number") from error
    if number is not None and not 0 <= number <= MAX_SEQUENCE:
        raise Invalid("envelope: seq is out of range")
    return number


def _trace(envelope: _Envelope) -> TraceContext | None:
    """A trace context of a size that may be passed on; another is no reason to refuse an event."""
    parent, state = envelope.traceparent, envelope.tracestate
    if not parent or len(parent) > MAX_TRACEPARENT:
        return None
    return TraceContext(parent, state if len(state) <= MAX_TRACESTATE else "")


def _safe(error: Exception) -> str:
    """What was wrong and where, without the value that was wrong."""
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else _QUOTED.sub("…", str(error))


@lru_cache(maxsize=16)  # a set is told at one moment, and several sets at once
def _rfc3339(moment: datetime) -> bytes:
    return moment.isoformat().replace("+00:00", "Z").encode()


def _from_ms(timestamp: int) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("the record's timestamp is out of range") from error
