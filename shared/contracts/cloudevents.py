"""The envelope: CloudEvents 1.0 over Kafka. Structured mode is written; structured and binary are read.

A record's value is one JSON object: the attributes, and the payload under `data`. One class per event
type describes it, for writing and for reading; the type is its tag, so one pass over the bytes reads it
all. `encode` and `decode_wanted` are the only places that turn events into bytes and back, `data.personal`
among them. Nothing here does I/O. What cannot be read raises `Invalid` with a reason free of personal data.
"""

import re
from base64 import b64decode
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, TypeVar, Union
from uuid import UUID

import msgspec

from shared.contracts import external, followup, intake, routing
from shared.contracts.event import REGISTRY, Event, card_of, subject_of, topic_of, type_of
from shared.contracts.record import (
    CONTENT_TYPE,
    EVENT_FORMAT,
    PREFIX,
    REPLAYS,
    Headers,
    Origin,
    Record,
    attributes_in,
    by_name,
    is_structured,
)
from shared.contracts.topics import OUTSIDE
from shared.contracts.trace_context import TraceContext, read_trace
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id, stable_id

MODULES = (external, intake, routing, followup)
MAX_ATTRIBUTE = 1_024
MAX_SEQUENCE = 2**63 - 1

E_co = TypeVar("E_co", bound=Event, covariant=True)
GARBLED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises over bytes that are not what they should be, or are nested without end."""
NO_STRUCTURED_EVENT: Final = "no CloudEvent: the value has no type"
NO_BINARY_EVENT: Final = f"no CloudEvent: there is neither a {CONTENT_TYPE} of {EVENT_FORMAT}+json nor a {PREFIX}type header"
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ATTRIBUTE)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
SequenceNumber = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQUENCE)]


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
    """An event to be published. `cause` is what it answers; without `time` it happened at writing.

    `trace` is the one to continue where there is no cause, as when a timer is due.
    """

    data: Event
    cause: Incoming[Event] | None = None
    id: UUID = msgspec.field(default_factory=new_id)
    time: datetime | None = None
    trace: TraceContext | None = None


class Encoded(NamedTuple):
    """An event to be published: `value` is all of it but its number, the rest says what is in there."""

    topic: str
    subject: str
    type: str
    traceparent: str | None
    value: bytes


class _Attributes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes under their CloudEvents names, but for `type`, which is the tag of the class."""

    specversion: Literal["1.0"]
    id: Any
    source: Identifier
    subject: Identifier | None = None
    partitionkey: str | None = None
    time: Moment | None = None
    seq: SequenceNumber | None = None
    causationid: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


class _Base64(msgspec.Struct):
    """Data in the form that the JSON format has for bytes."""

    data_base64: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Glimpse(msgspec.Struct, frozen=True):
    """What can be told of a record without reading it, and of one that cannot be read."""

    type: str = ""
    traceparent: str | None = None


_encode_json = msgspec.json.Encoder().encode
_base64 = msgspec.json.Decoder(_Base64).decode
_glimpse = msgspec.json.Decoder(Glimpse).decode
_NAMES: Final = ("type", *_Attributes.__struct_fields__)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
_NAME = re.compile(r"rapport\.[a-z_]{1,40}\.[a-z_]{1,40}\.v[0-9]{1,3}")


def caused_by(cause: Incoming[Event], *data: Event) -> list[Outgoing]:
    """Events that answer `cause` and continue its trace."""
    return [Outgoing(payload, cause) for payload in data]


def source_of(service: str) -> str:
    """The CloudEvents `source` of what a service publishes."""
    return f"rapport/{service}"


def encode(
    outgoing: Outgoing, source: str, now: datetime, trace: TraceContext | None = None
) -> Encoded:
    """The event as `source` publishes it, still without a number.

    `trace` is used where the event names none to follow.
    """
    data, cause = outgoing.data, outgoing.cause
    card, subject = card_of(type(data)), subject_of(data)
    trace = cause.trace if cause else outgoing.trace or trace
    parent, state = (trace.parent, trace.state or None) if trace else (None, None)
    envelope = _envelope(type(data))(
        specversion="1.0",
        id=outgoing.id,
        source=source,
        subject=subject,
        partitionkey=subject,
        time=outgoing.time or now,
        causationid=cause.id if cause else None,
        traceparent=parent,
        tracestate=state,
        data=data,
    )
    return Encoded(card.topic.name, subject, card.type, parent, _encode_json(envelope))


def numbered(value: bytes, seq: int) -> bytes:
    """An encoded event as number `seq` of its aggregate. The outbox does the same in its statement.

    The number is known last, under the lock of its aggregate: so it stands last.
    """
    return b'%b,"seq":%d}' % (value[:-1], seq)


def decode(record: Record) -> Incoming[Event]:
    """The event in a record; raises `Invalid`."""
    event = decode_wanted(record, frozenset(REGISTRY.values()))
    if event is None:
        raise Invalid("unknown type")
    return event


def decode_wanted(record: Record, wanted: frozenset[type[Event]]) -> Incoming[Event] | None:
    """As `decode`, but None for a type that is known and not wanted: its payload is not read."""
    headers = by_name(record.headers)
    value = record.value or b""
    if is_structured(headers.get(CONTENT_TYPE)):
        attributes, data = _structured(value, wanted)
    else:
        attributes, data = _binary(headers, value, wanted)
    return (
        None if data is None else _incoming(attributes, data, record, replayed=REPLAYS in headers)
    )


def payload_of(record: Record) -> type[Event]:
    """The kind of event in a record, whose payload is not read; raises `Invalid`."""
    payload = REGISTRY.get(glimpse(record.headers, record.value).type)
    if payload is None:
        raise Invalid("unknown type")
    return payload


def glimpse(headers: Headers, value: bytes | None) -> Glimpse:
    """The type and the trace that a record says it has, known and right or not; what it does not say is empty."""
    try:
        named = by_name(headers)
        if is_structured(named.get(CONTENT_TYPE)):
            return _glimpse(value or b"")
        given = attributes_in(named, ("type", "traceparent"))
    except (Invalid, *GARBLED):
        return Glimpse()
    return msgspec.convert(given, Glimpse)


@cache
def _attributes(payload: type[Event]) -> Any:
    """The class of an event whose payload is passed over."""
    return _class_of(payload)


@cache
def _envelope(payload: type[Event]) -> Any:
    """The class of a whole event."""
    return _class_of(payload, ("data", payload), ("data_base64", None, None))


def _class_of(payload: type[Event], *fields: Any) -> Any:
    """An outsider's id may be any text, one of ours is a UUID."""
    identity = Identifier if OUTSIDE in topic_of(payload).producers else UUID
    return msgspec.defstruct(
        payload.__name__,
        [("id", identity), *fields],
        bases=(_Attributes,),
        tag_field="type",
        tag=type_of(payload),
        frozen=True,
        kw_only=True,
        omit_defaults=True,
    )


@cache
def _decoder(wanted: frozenset[type[Event]]) -> msgspec.json.Decoder[Any]:
    """Reads any event that is known, and of those that are wanted the payload as well."""
    known = REGISTRY.values()
    classes = (_envelope(each) if each in wanted else _attributes(each) for each in known)
    return msgspec.json.Decoder(Union[tuple(classes)])  # noqa: UP007 - made at run time


@cache
def _payload(payload: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(payload)


_Read = tuple[_Attributes, Event | None]


def _structured(value: bytes, wanted: frozenset[type[Event]]) -> _Read:
    _refuse_nul("envelope", value)
    try:
        envelope = _decoder(wanted).decode(value)
    except GARBLED as error:
        if b'"data_base64"' in value:
            return _from_base64(value, wanted)
        raise _refused(value, error) from error
    return envelope, getattr(envelope, "data", None)


def _from_base64(value: bytes, wanted: frozenset[type[Event]]) -> _Read:
    attributes = _read_attributes(value)
    try:
        found = _base64(value)
        data = b64decode(found.data_base64, validate=True)
    except (*GARBLED, ValueError) as error:
        raise Invalid("envelope: data_base64 is not base64") from error
    if found.data is not msgspec.UNSET:
        raise Invalid("envelope: data and data_base64 are both given")
    return attributes, _read_data(attributes, data, wanted)


def _binary(
    headers: dict[str, bytes | None], value: bytes, wanted: frozenset[type[Event]]
) -> _Read:
    try:
        given = attributes_in(headers, _NAMES)
    except UnicodeDecodeError as error:
        raise Invalid(f"envelope: {_safe(error)}") from error
    if not given.get("type"):
        raise Invalid(NO_BINARY_EVENT)
    attributes = _read_attributes(_encode_json(given))
    return attributes, _read_data(attributes, value, wanted)


def _read_attributes(value: bytes) -> _Attributes:
    _refuse_nul("envelope", value)
    try:
        attributes: _Attributes = _decoder(frozenset()).decode(value)
    except GARBLED as error:
        raise _refused(value, error) from error
    return attributes


def _read_data(
    attributes: _Attributes, data: bytes, wanted: frozenset[type[Event]]
) -> Event | None:
    payload = REGISTRY[attributes.__struct_config__.tag]  # type: ignore[index]  # each class has one
    if payload not in wanted:
        return None
    _refuse_nul("data", data)
    try:
        return _payload(payload).decode(data)
    except GARBLED as error:
        raise Invalid(f"data: {_safe(error)}") from error


def _refuse_nul(where: str, value: bytes) -> None:
    if b"\\" in value and b"\\u0000" in value and _NUL.search(value):
        raise Invalid(f"{where}: NUL is not allowed in text")


def _refused(value: bytes, error: Exception) -> Invalid:
    """Why a value is no event."""
    try:
        named = _glimpse(value).type
    except GARBLED:
        return Invalid(f"envelope: {_safe(error)}")
    if named not in REGISTRY:
        return Invalid(_unknown(named) if named else NO_STRUCTURED_EVENT)
    return Invalid(f"{'data' if '`$.data' in str(error) else 'envelope'}: {_safe(error)}")


def _unknown(named: str) -> str:
    """It is named only if it looks like the name of a type: anything else may be about a person."""
    known = _NAME.fullmatch(named)
    return f"unknown type {named}" if known else "unknown type, none of Rapport's by its name"


def _incoming(
    attributes: _Attributes, data: Event, record: Record, *, replayed: bool
) -> Incoming[Event]:
    identity, source, time = attributes.id, attributes.source, attributes.time
    parent, state = attributes.traceparent, attributes.tracestate
    return Incoming(
        id=identity if isinstance(identity, UUID) else stable_id(source, identity),
        type=type_of(data),
        source=source,
        subject=attributes.subject or subject_of(data),
        time=_in_utc(time) if time else _from_ms(record.timestamp),
        data=data,
        origin=Origin(record.topic, record.partition, record.offset),
        seq=attributes.seq,
        trace=read_trace((parent,), (state,) if state else ()) if parent else None,
        replayed=replayed,
    )


def _in_utc(time: datetime) -> datetime:
    try:
        return time if time.tzinfo is UTC else time.astimezone(UTC)
    except OverflowError as error:
        raise Invalid("envelope: time is out of range") from error


def _safe(error: Exception) -> str:
    """What was wrong and where, without the value that was wrong."""
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else _QUOTED.sub("…", str(error))


def _from_ms(timestamp: int) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Invalid("the record's timestamp is out of range") from error
