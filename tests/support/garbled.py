"""Records that no client of ours would write: old ones, and a header whose name is not UTF-8."""

import gzip
import struct
from collections.abc import Sequence
from time import time

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from shared.messaging.kafka import Message
from shared.settings import KafkaSettings

MARK, GARBLED = "zz-garbled-zz", b"\xff\xfe-garbled-zz"
HEADER, CRC, COVERED, GZIP = 61, 17, 21, 1


def garbled(message: Message) -> Message:
    """The same, with such a header once it is written by `publish_batch`."""
    return message._replace(headers=[*message.headers, (MARK, b"")])


async def publish_batch(
    kafka: KafkaSettings,
    topic: str,
    *messages: Message,
    partition: int = 0,
    packed: bool = False,
    age: float = 0,
) -> None:
    """Write the messages as one batch, compressed if asked, as if so many seconds ago."""
    content = _batch(messages, packed=packed, at=int((time() - age) * 1000))
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.partitions_for(topic)
        place = TopicPartition(topic, partition)
        leader = producer.client.cluster.leader_for_partition(place)
        request = ProduceRequest(None, -1, 5_000, [(topic, [(partition, content)])])
        answer = await producer.client.send(leader, request)
    [(_, [(_, error, *_)])] = answer.topics
    if error:
        raise for_code(error)


def _batch(messages: Sequence[Message], *, packed: bool, at: int) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1_048_576)
    for number, (key, value, headers) in enumerate(messages):
        assert builder.append(number, at, key, value, list(headers))
    batch = bytearray(bytes(builder.build()).replace(MARK.encode(), GARBLED))
    if packed:
        batch[HEADER:] = gzip.compress(bytes(batch[HEADER:]))
        struct.pack_into(">h", batch, COVERED, GZIP)
        struct.pack_into(">i", batch, 8, len(batch) - 12)
    struct.pack_into(">I", batch, CRC, calc_crc32c(bytes(batch[COVERED:])))
    return bytes(batch)
