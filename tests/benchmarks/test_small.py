"""The benchmarks measure what they say: small counts, results checked, never a speed."""

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import desks, handlers, intake, loops, outbox, ratios
from benchmarks.journey import platform_on
from benchmarks.load import whole
from benchmarks.loop.histories import histories
from benchmarks.loop.submissions import COUNTED, SUBMITTED, distinct, publish, submissions
from benchmarks.peers.environments import python_of
from benchmarks.plan import Plan
from benchmarks.ratios import Figure
from benchmarks.servers import peers
from benchmarks.stage import Stage
from deploy.local.parts import LocalParts
from shared.contracts.cloudevents import decode
from shared.messaging.kafka_topics import create_topics
from tests.support.records import record

pytestmark = pytest.mark.long

EVENTS = 300
KINDS = 16
SMALL = Plan(rounds=1, seconds=4, max_requests=100, events=EVENTS, quiet_timeout=0)
BEFORE = {"I1 a ratio": 2.0, "R1 a time": 10.0}


@pytest.fixture(scope="module")
def on(parts: LocalParts) -> Stage:
    """A stage on the run's own parts, with the benchmarks' own topics filled."""
    made = Stage(parts)
    asyncio.run(create_topics(made.kafka, [SUBMITTED, COUNTED]))
    asyncio.run(publish(made.kafka, SUBMITTED.name, submissions(EVENTS)))
    return made


@pytest.mark.parametrize(
    "name",
    [name for name, peer in peers.PEERS.items() if peer.database] + [intake.OURS, intake.ALL],
)
def test_every_accepted_contact_is_found_in_the_database(on: Stage, name: str) -> None:
    assert intake.once(intake.Servers(on), name, SMALL) > 0


@pytest.mark.parametrize("name", ["counter", "intake"])
def test_a_handler_processes_every_event_of_the_loop_once(
    on: Stage, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    handlers.once(on, SMALL, name, distinct(EVENTS))
    assert f"{distinct(EVENTS)} events" in capfd.readouterr().out


def test_the_loop_and_its_ceiling_are_seen_to_work(on: Stage) -> None:
    _needs_offsets(on)
    loops.once_ours(on, SMALL, "ours")
    assert loops.once_ceiling(on, SMALL) > 0


@pytest.mark.parametrize("name", loops.PEERS)
def test_a_peer_of_the_loop_is_seen_to_work(on: Stage, name: str) -> None:
    _needs_offsets(on)
    home = loops.PEERS[name].home
    python = python_of(home) if home else None
    if home and not python:
        pytest.skip(f"{home} cannot be installed here")
    loops.once_peer(on, SMALL, name, python)


def test_every_contact_is_seen_on_a_desk(own_parts: LocalParts) -> None:
    with platform_on(Stage(own_parts)) as platform:
        late = desks.once(platform, SMALL, contacts=10)
    assert len(late) == 5  # the others came while the platform was warming up
    assert late[0] > 0


@pytest.mark.parametrize("name", outbox.VARIANTS)
def test_a_relay_publishes_every_row(on: Stage, name: str) -> None:
    _needs_offsets(on)
    outbox.once(on, SMALL, name)


def test_every_event_of_a_history_can_be_read_and_every_service_consumes_some() -> None:
    published = histories(5)
    read = [decode(record(message)) for messages in published.values() for message in messages]
    assert len({event.type for event in read}) == KINDS
    assert all(handlers.consumed_of(published, *those) for those in handlers.SUBSCRIBED.values())


def test_a_response_ends_where_its_length_says() -> None:
    head = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n"
    assert whole(head[:20]) == whole(head + b"{") == 0
    assert whole(head + b"{}HTTP/1.1") == len(head) + 2


@pytest.mark.parametrize(
    ("figure", "worse"),
    [
        (Figure("I1", "a ratio", 1.71, 1.0), False),
        (Figure("I1", "a ratio", 1.69, 1.0), True),
        (Figure("R1", "a time", 11.4, 20.0, at_most=True), False),
        (Figure("R1", "a time", 11.6, 20.0, at_most=True), True),
        (Figure("L1", "never stored", 0.1, 1.0), False),
        (Figure("I1", "a ratio", 1.69, None), True),
    ],
)
def test_a_figure_fifteen_percent_worse_than_stored_is_a_regression(
    figure: Figure, worse: bool
) -> None:
    assert bool(ratios.regressions([figure], BEFORE)) is worse
    assert ("REGRESSION" in ratios.table_of_figures([figure], BEFORE)) is worse


def test_a_figure_says_that_it_is_new_and_what_the_peer_leaves_out() -> None:
    figure = Figure("I2", "more", 0.5, None, leaves_out="all but a response")
    last = ratios.table_of_figures([figure], BEFORE).splitlines()[-1]
    assert last.split(maxsplit=5) == ["I2", "more", "0.5", "-", "new", "all but a response"]


def test_storing_keeps_what_was_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "stored.json"
    for figure in (Figure("I1", "a", 1.0, 1.0), Figure("L1", "b", 2.0, 1.0)):
        ratios.store([figure], machine="a machine", day="2026-03-02", path=path)
    assert json.loads(path.read_text())["figures"] == {"I1 a": 1.0, "L1 b": 2.0}


def test_a_ratio_is_that_of_the_medians() -> None:
    assert ratios.ratio({"a": [1.0, 6.0, 100.0], "b": [1.0, 2.0, 3.0]}, "a", "b") == 3.0


def _needs_offsets(on: Stage) -> None:
    if not on.parts.broker.idempotent:
        pytest.skip("the embedded broker's end offsets count too much")
