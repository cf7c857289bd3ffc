"""Kafka's batches of records (format 2) as bytes hold them, read where the client gives up.

The client decodes each header's name as UTF-8 and fails over one that is not, and then over every
record that shares the batch. Here such a name is read with U+FFFD in place of what is wrong.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from shared.contracts.record import Headers

HEADER = struct.Struct(">qi 4x x 4x hiqqq 2x 4x i")
"""Offset and length; then attributes, last offset, first and last time, producer and number of records."""
FRAME = 12
"""Bytes of offset and length, which the length does not count."""
CODEC, LOG_APPEND_TIME, TRANSACTIONAL, CONTROL = 0x07, 0x08, 0x10, 0x20

Decompress = Mapping[int, Callable[[bytes], bytes]]
"""By the number of the codec in a batch's attributes."""


class BatchRecord(NamedTuple):
    """A record, as the client's own batches give it out."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_type: int
    checksum: None = None


class Batches:
    """The batches in what a broker answers, in the client's words: it steps over what transactions took back.

    The last may be cut off, and is left out. `garbled` are the offsets of those records, among the ones
    that were read, whose headers' names could not be read as they are.
    """

    def __init__(
        self, content: bytes, decompress: Decompress, crc_holds: Callable[[bytes], bool]
    ) -> None:
        self.garbled: set[int] = set()
        self._left = list(_split(content))[::-1]
        self._decompress, self._crc_holds = decompress, crc_holds

    def has_next(self) -> bool:
        return bool(self._left)

    def next_batch(self) -> "Batch":
        content = self._left.pop()
        return Batch(content, self._decompress, self._crc_holds, self.garbled)


class Batch:
    """One batch."""

    def __init__(
        self,
        content: bytes,
        decompress: Decompress,
        crc_holds: Callable[[bytes], bool],
        garbled: set[int],
    ) -> None:
        self._content, self._decompress = content, decompress
        self._crc_holds, self._garbled = crc_holds, garbled
        offset, _, attributes, last, first_at, last_at, producer, count = HEADER.unpack_from(
            content
        )
        self.base_offset, self.next_offset = offset, offset + last + 1
        self.producer_id, self._attributes, self._count = producer, attributes, count
        self._first_at, self._last_at = first_at, last_at
        self.is_transactional = bool(self._attributes & TRANSACTIONAL)
        self.is_control_batch = bool(self._attributes & CONTROL)

    def validate_crc(self) -> bool:
        return self._crc_holds(self._content)

    def __next__(self) -> BatchRecord:
        """The first record; of a control batch it is the only one."""
        return next(iter(self))

    def __iter__(self) -> Iterator[BatchRecord]:
        content = self._content[HEADER.size :]
        if codec := self._attributes & CODEC:
            content = bytes(self._decompress[codec](content))
        reading = _Reading(content)
        for _ in range(self._count):
            yield self._record(reading)

    def _record(self, reading: "_Reading") -> BatchRecord:
        """Length, attributes, time and offset since the batch's own, key, value, headers."""
        reading.number()
        reading.byte()
        at, offset = self._first_at + reading.number(), self.base_offset + reading.number()
        key, value = reading.content(), reading.content()
        given = [(reading.content() or b"", reading.content()) for _ in range(reading.number())]
        headers = [(name.decode(errors="replace"), content) for name, content in given]
        if any(name.encode() != raw for (name, _), (raw, _) in zip(headers, given, strict=True)):
            self._garbled.add(offset)
        appended = int(bool(self._attributes & LOG_APPEND_TIME))
        return BatchRecord(offset, self._last_at if appended else at, key, value, headers, appended)


class _Reading:
    """Reads on through the bytes of a batch."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def number(self) -> int:
        """A signed number of any length: seven bits a byte, the lowest first, zigzag."""
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (number >> 1) ^ -(number & 1)
            shift += 7

    def content(self) -> bytes | None:
        """Bytes after their length; None for a negative one."""
        length = self.number()
        if length < 0:
            return None
        self._at += length
        return self._content[self._at - length : self._at]


def _split(content: bytes) -> Iterator[bytes]:
    at = 0
    while at + HEADER.size <= len(content):
        end = at + FRAME + HEADER.unpack_from(content, at)[1]
        if end > len(content):
            return
        yield content[at:end]
        at = end
