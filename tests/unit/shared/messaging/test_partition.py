"""Keys go to the partition that every other Kafka client would choose."""

import pytest

from shared.messaging.kafka import partition_of

# From the Java client: `Utils.toPositive(Utils.murmur2(key))`.
JAVA = {
    b"21": 1_173_551_340,
    b"foobar": 1_357_151_166,
    b"a-little-bit-long-string": 1_161_502_112,
    b"abc": 479_470_107,
}


@pytest.mark.parametrize(("key", "positive"), JAVA.items())
def test_a_key_goes_where_the_java_client_sends_it(key: bytes, positive: int) -> None:
    for partitions in (1, 2, 8, 31):
        assert partition_of(key, partitions) == positive % partitions
