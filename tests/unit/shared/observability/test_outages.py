"""A process tells of an outage once: when it begins, once a minute, and when it is over."""

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from shared.kernel.errors import Unavailable
from shared.observability.outages import REMIND_SECONDS, Outages, Trouble

AWAY = Unavailable("broker: KafkaConnectionError")
CLOSED = Unavailable("database: ConnectionRefusedError")


class Watch:
    """A clock that is turned by hand, and the outages by it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.outages = Outages(lambda: self.seconds)

    def part(self, name: str, starting: str = "") -> Trouble:
        return Trouble(name, starting, self.outages)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def said(logs: list[EventDict]) -> list[tuple[str, str]]:
    return [(line["event"], line["of"]) for line in logs]


def test_many_parts_in_one_outage_are_one_story(watch: Watch) -> None:
    parts = [watch.part(f"part {number}") for number in range(5)]
    with capture_logs() as logs:
        for _ in range(130):  # a try a second
            for part in parts:
                part.met(AWAY)
            watch.seconds += 1
        for part in parts:
            part.over()
    assert said(logs) == [
        ("an outage begins", "broker"),
        ("an outage goes on", "broker"),
        ("an outage goes on", "broker"),
        ("an outage is over", "broker"),
    ]
    assert [line.get("seconds") for line in logs] == [None, REMIND_SECONDS, 120, 130]
    assert logs[1]["parts"] == "part 0, part 1, part 2, part 3, part 4"


def test_it_is_over_only_when_every_part_works_again(watch: Watch) -> None:
    one, other = watch.part("one"), watch.part("other")
    one.met(AWAY)
    other.met(AWAY)
    with capture_logs() as logs:
        one.over()
        one.over()
        assert not logs
        other.over()
    assert said(logs) == [("an outage is over", "broker")]


def test_two_outages_are_two_stories_and_a_part_waits_for_one_of_them(watch: Watch) -> None:
    part = watch.part("relay")
    with capture_logs() as logs:
        part.met(CLOSED)
        part.met(AWAY)
        part.over()
    assert said(logs) == [
        ("an outage begins", "database"),
        ("an outage is over", "database"),
        ("an outage begins", "broker"),
        ("an outage is over", "broker"),
    ]


async def test_a_part_that_has_not_begun_is_not_ready_and_no_outage(watch: Watch) -> None:
    part = watch.part("member 0", "not in the group yet")
    with capture_logs() as logs:
        with pytest.raises(Unavailable, match="not in the group yet"):
            await part.check()
        part.over()
        await part.check()
    assert not logs


async def test_readiness_names_what_keeps_it(watch: Watch) -> None:
    part = watch.part("relay")
    part.met(AWAY)
    with pytest.raises(Unavailable, match="broker: KafkaConnectionError"):
        await part.check()
