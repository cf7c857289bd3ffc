"""What was put aside has its line in the log; a flood of strangers' records does not drown the others."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from shared.messaging.consumer.aside_log import WINDOW, AsideLog
from shared.messaging.dead_letters.letter import DeadLetter, dead_letter
from tests.support.records import FakeRecord

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def letters(count: int) -> list[DeadLetter]:
    records = [FakeRecord(b"ada@example.org", offset=offset) for offset in range(count)]
    return [dead_letter(record, "invalid", "data: wrong") for record in records]


def test_a_line_says_where_the_record_stands_and_why_it_was_put_aside() -> None:
    with capture_logs() as lines:
        AsideLog().dead(letters(1))
    assert lines == [
        {
            "event": "dead letter",
            "log_level": "error",
            "reason": "invalid",
            "detail": "data: wrong",
            "topic": "rapport.inbox",
            "partition": 3,
            "offset": 0,
        }
    ]


def test_of_a_flood_into_the_quarantine_so_many_a_minute_have_a_line_and_one_more_says_so() -> None:
    aside = AsideLog(max_lines=5)
    with capture_logs() as lines:
        for second, count in enumerate((2, 3, 4, 4)):
            aside.quarantined(letters(count), NOW + timedelta(seconds=second))
    assert [line["event"] for line in lines] == [
        *["quarantined"] * 5,
        "more is quarantined than has a line",
    ]
    with capture_logs() as lines:
        aside.quarantined(letters(2), NOW + WINDOW)
    assert [line["event"] for line in lines] == ["quarantined"] * 2


def test_as_many_as_have_a_line_are_no_flood() -> None:
    with capture_logs() as lines:
        AsideLog(max_lines=5).quarantined(letters(5), NOW)
    assert {line["event"] for line in lines} == {"quarantined"}


def test_every_dead_letter_has_its_line_also_in_a_flood_of_quarantined_records() -> None:
    aside = AsideLog(max_lines=5)
    with capture_logs() as lines:
        aside.quarantined(letters(50), NOW)
        aside.dead(letters(30))
    assert [line["event"] for line in lines].count("dead letter") == 30
