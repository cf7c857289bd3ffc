"""Evidence is read from whatever stands in a topic, poison included."""

import pytest

from deploy.local.evidence import told_by
from shared.messaging.kafka import Message
from tests.support.records import record


@pytest.mark.parametrize("value", [None, b"{", b'{"name": "\xff"}', b'"text"', b"[1]"])
def test_a_record_that_cannot_be_read_tells_nothing_and_hides_nothing(value: bytes | None) -> None:
    headers = [("ce_id", b"e1"), ("ce_type", b"\xff"), ("ce_seq", b"many")]
    told = told_by(record(Message(b"key", value, headers), offset=4))
    assert (told.topic, told.partition, told.offset, told.id) == ("rapport.inbox", 3, 4, "e1")
    assert (told.seq, told.data) == (0, {})
