"""A Kafka record, and what CloudEvents' Kafka binding puts into its headers.

Names of headers and media types are compared without regard to case.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

import msgspec

from shared.kernel.errors import Invalid
from shared.kernel.ids import stable_id
from shared.kernel.media_type import media_type

Headers = Sequence[tuple[str, bytes | None]]

CONTENT_TYPE: Final = "content-type"
EVENT_FORMAT: Final = "application/cloudevents"
PREFIX: Final = "ce_"
EVENT_HEADERS: Final[Headers] = [(CONTENT_TYPE, b"application/cloudevents+json; charset=UTF-8")]
"""The headers of every event that we publish."""
REPLAYS: Final = "rapport-replays"
"""The header of a record that is a replay: how many there were of it."""
REPLAY_FOR: Final = "rapport-replay-for"
"""The header of a replay that names the service it is for; the others pass over the record."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")


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


class UnreadableRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the Kafka client cannot decode: as much of it as could be kept, and why not all."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    why: str


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


def by_name(headers: Headers) -> dict[str, bytes | None]:
    """The headers by lower-case name.

    Raises `Invalid` for an attribute that comes with two values. A trace context that is doubled is
    left out, since a wrong one is no reason to refuse an event.
    """
    found: dict[str, bytes | None] = {}
    for given, content in headers:
        name = given.lower()
        if name in found:
            content = _both(name, found[name], content)  # noqa: PLW2901 - both are one from here on
        found[name] = content
    return found


def _both(name: str, one: bytes | None, other: bytes | None) -> bytes | None:
    match name:
        case "ce_traceparent":
            return None
        case "ce_tracestate":
            return b",".join(filter(None, (one, other)))
        case _ if name.startswith(PREFIX) and one != other:
            raise Invalid("envelope: an attribute is given twice")
        case _:
            return other


def is_structured(content_type: bytes | None) -> bool:
    """Whether the value is the whole event. Raises `Invalid` for an event format other than JSON."""
    given = media_type(content_type or b"")
    if given.startswith(EVENT_FORMAT) and given != f"{EVENT_FORMAT}+json":
        raise Invalid("envelope: of the event formats only JSON is read, one event a record")
    return given.startswith(EVENT_FORMAT)


def attributes_in(
    headers: Mapping[str, bytes | None], names: Iterable[str]
) -> dict[str, str | int]:
    """The attributes of these names that are headers; `seq` is a number if it can be.

    A header without content, which Kafka allows, is one that was left out. Raises `UnicodeDecodeError`.
    """
    given: dict[str, str | int] = {
        name: content.decode()
        for name in names
        if (content := headers.get(PREFIX + name)) is not None
    }
    seq = given.get("seq")
    if isinstance(seq, str) and _NUMBER.fullmatch(seq):
        given["seq"] = int(seq)
    return given
