"""Nothing that a person is or says is in a log, a span, a label, a key or a dead letter's header."""

import json

import pytest

from tests.telemetry.scene import Telemetry
from tests.telemetry.seeds import WORDS, found_in, marked


def test_no_log_of_any_process_or_part_names_a_person(telemetry: Telemetry) -> None:
    assert {"intake-api.log", "analytics-worker.log", "postgres.log"} <= telemetry.logs.keys()
    assert not found_in(telemetry.logs)


def test_no_span_names_a_person(telemetry: Telemetry) -> None:
    assert telemetry.spans
    assert not found_in(
        {
            f"{span.process} {span.raw.name}": span.raw.SerializeToString()
            for span in telemetry.spans
        }
    )


def test_no_metric_names_a_person(telemetry: Telemetry) -> None:
    assert not found_in(
        {f"{process}": text.encode() for process, text in telemetry.metrics.items()}
    )


def test_no_key_names_a_person(telemetry: Telemetry) -> None:
    assert not found_in(
        {
            topic: b"\n".join(record.key or b"" for record in records)
            for topic, records in telemetry.records.items()
        }
    )


def test_no_header_of_ours_names_a_person(telemetry: Telemetry) -> None:
    ours = {topic: records for topic, records in telemetry.records.items() if "inbox" not in topic}
    assert sum(len(records) for topic, records in ours.items() if "dead-letters" in topic) > 5
    assert not found_in(
        {
            f"{topic} {name}": content or b""
            for topic, records in ours.items()
            for record in records
            for name, content in record.headers
            if name != "ce_type"  # the publisher's own word for its event
        }
    )


def test_the_marked_words_did_come_in(telemetry: Telemetry) -> None:
    for topic in ("rapport.contacts", "rapport.deliveries", "rapport.followups"):
        assert found_in({topic: b"".join(each.value or b"" for each in telemetry.records[topic])})


@pytest.mark.parametrize("word", WORDS)
def test_a_marked_word_is_found_however_it_is_spelt(word: str) -> None:
    for spelt in (word.upper(), json.dumps(word), repr(word.encode()), ascii(word)):
        assert found_in({"log": f"before {spelt} behind".encode()}), spelt
    assert found_in({"log": marked("x").encode().replace(word.encode(), b"")})
    assert not found_in({"log": b"nobody at +49 170 5550198"})
