"""Records that no client of ours would write: a header whose name is not UTF-8."""

import gzip
import struct
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
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
    kafka: KafkaSettings, topic: str, *messages: Message, partition: int = 0, packed: bool = False
) -> int:
    """Write the messages as one batch, compressed if asked; returns the offset of the first."""
    content = _batch(messages, packed=packed)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        await producer.partitions_for(topic)
        leader = producer.client.cluster.leader_for_partition
        where = next(each for each in await _places(producer, topic) if each.partition == partition)
        request = ProduceRequest(None, -1, 5_000, [(topic, [(partition, content)])])
        answer = await producer.client.send(leader(where), request)
    [(_, [(_, error, offset, *_)])] = answer.topics
    if error:
        raise for_code(error)
    return int(offset)


async def _places(producer: AIOKafkaProducer, topic: str) -> list:  # type: ignore[type-arg]
    from aiokafka import TopicPartition

    return [TopicPartition(topic, number) for number in await producer.partitions_for(topic)]


def _batch(messages: Sequence[Message], *, packed: bool) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1_048_576)
    for number, (key, value, headers) in enumerate(messages):
        assert builder.append(number, None, key, value, list(headers))
    batch = bytearray(bytes(builder.build()).replace(MARK.encode(), GARBLED))
    if packed:
        batch[HEADER:] = gzip.compress(bytes(batch[HEADER:]))
        struct.pack_into(">h", batch, COVERED, GZIP)
        struct.pack_into(">i", batch, 8, len(batch) - 12)
    struct.pack_into(">I", batch, CRC, calc_crc32c(bytes(batch[COVERED:])))
    return bytes(batch)
