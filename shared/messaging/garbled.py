"""Reads records whose headers' names are not UTF-8, which the Kafka client raises over.

It raises over every record that shares the batch, so it cannot be sent past the one alone. Here a fetch
is made beside it, and its batches are read by ourselves; what transactions took back it still leaves out.
"""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from aiokafka import TopicPartition
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import DefaultRecordBatch

from shared.contracts.record import Record, UnreadableRecord
from shared.messaging.record_batch import Batches

DECOMPRESS: Mapping[int, Callable[[bytes], bytes]] = {
    1: gzip_decode,
    2: snappy_decode,
    3: lz4_decode,
    4: zstd_decode,
}
MAX_BYTES, WAIT_MS = 524_288, 100
NAMES_A_REPLICA = 11
"""The version of the protocol since which an answer names a replica, behind what was aborted."""


async def read_garbled(client: Any, max_count: int) -> dict[TopicPartition, list[Record]]:
    """The next records of each partition of a group's member, from what it committed.

    The client does not say which partition it stumbled in, and has lost what it read in the same go. Its
    positions are behind the records afterwards. What it could not decode is an `UnreadableRecord`.
    Raises what the client raises.
    """
    committed = await client.seek_to_committed()
    if anew := [place for place, offset in committed.items() if not offset]:
        await client.seek_to_beginning(*anew)
    found: dict[TopicPartition, list[Record]] = {}
    for place in committed:
        room = max_count - sum(map(len, found.values()))
        if room and (records := await _read_one(client, place, room)):
            found[place] = records
    return found


async def _read_one(client: Any, place: TopicPartition, max_count: int) -> list[Record]:
    offset = await client.position(place)
    content, aborted = await _fetch(client._client, place, offset)  # noqa: SLF001 - it has no other way
    batches = Batches(content, DECOMPRESS, lambda batch: DefaultRecordBatch(batch).validate_crc())
    reading = PartitionRecords(place, batches, aborted, offset, None, None, True, READ_COMMITTED)
    records = list(islice(reading, max_count))
    client.seek(place, reading.next_fetch_offset)
    return [_unreadable(each) if each.offset in batches.garbled else each for each in records]


async def _fetch(connections: Any, place: TopicPartition, offset: int) -> tuple[bytes, Any]:
    """What the partition's leader has from there on, and which transactions of it were aborted."""
    wanted = [(place.topic, [(place.partition, offset, MAX_BYTES)])]
    leader = connections.cluster.leader_for_partition(place)
    answer = await connections.send(
        leader, FetchRequest(WAIT_MS, 1, MAX_BYTES, READ_COMMITTED, wanted)
    )
    if not answer.topics:  # as a broker may say that there is nothing
        return b"", None
    [(_, [(_, error, _, *rest)])] = answer.topics
    if error:
        raise for_code(error)(str(place))
    return rest[-1] or b"", rest[2 if answer.API_VERSION >= NAMES_A_REPLICA else -2]


def _unreadable(read: Any) -> Record:
    return UnreadableRecord(
        topic=read.topic,
        partition=read.partition,
        offset=read.offset,
        timestamp=read.timestamp,
        key=read.key,
        value=read.value,
        headers=read.headers,
        why="a header's name is not UTF-8",
    )
