"""Golden figures: how long people waited, and the two service levels side by side."""

import pytest

from services.analytics.domain.figures.formulas import Value
from shared.contracts.routing import QueuedReason
from shared.contracts.values import MessageKind
from tests.support.life import Life
from tests.unit.analytics.figures import contact, figure, near, taken


def between(value: Value, seconds: float) -> bool:
    low, high = near(seconds)
    return value is not None and low <= value <= high


def test_contacts_count_people_and_automatic_mail_apart() -> None:
    result = figure("contacts", contact(1), contact(2), contact(3, automatic=True))
    assert (result.n, result.values) == (3, {"received": 2, "automatic": 1})


def test_time_to_assignment_runs_from_the_first_word_to_the_first_agent() -> None:
    passed_on = taken(1, after=100)
    passed_on.later(500).queued("orders", QueuedReason.TRANSFERRED)
    passed_on.later(500).assigned()
    result = figure("time_to_assignment", passed_on, taken(2, after=10), contact(3))
    assert result.n == 2
    assert between(result.values["p50"], 10)
    assert between(result.values["p95"], 100)
    assert between(result.values["p99"], 100)


def test_the_wait_runs_from_the_queue_and_not_from_the_first_word() -> None:
    life = Life()
    life.received()
    life.later(40).queued()
    life.later(5).assigned()
    assert between(figure("wait", life).values["p50"], 5)
    assert between(figure("time_to_assignment", life).values["p50"], 45)


def test_only_a_reply_of_a_person_is_a_first_response() -> None:
    life = taken(1)
    life.later(10).sent(life.reply(MessageKind.ACKNOWLEDGEMENT), MessageKind.ACKNOWLEDGEMENT)
    assert figure("first_response", life).n == 0
    life.later(40).sent(life.reply())
    life.later(40).sent(life.reply())
    result = figure("first_response", life)
    assert result.n == 1
    assert between(result.values["p50"], 60)


def test_replies_are_sent_failed_or_open() -> None:
    life = taken(1)
    life.sent(life.reply())
    life.failed(life.reply())
    life.reply()
    life.reply(MessageKind.CHECK_IN)
    result = figure("replies", life)
    assert (result.n, result.values) == (3, {"sent": 1, "failed": 1, "open": 1})


@pytest.fixture
def four_waits() -> list[Life]:
    """Target 60 s: answered in time, answered late, moved to another queue in time, waiting."""
    moved = contact(3)
    moved.later(30).queued("orders", QueuedReason.TRANSFERRED)
    return [taken(1, after=60), taken(2, after=61), moved, contact(4)]


def test_service_level_answered_only_leaves_out_who_was_not_answered(
    four_waits: list[Life],
) -> None:
    result = figure("service_level_answered", *four_waits)
    assert (result.n, result.values) == (2, {"share": 1 / 2})


def test_service_level_removed_counts_everybody_who_was_queued(four_waits: list[Life]) -> None:
    result = figure("service_level_removed", *four_waits)
    assert (result.n, result.values) == (4, {"share": 2 / 4})


def test_the_target_is_the_one_the_queue_had_when_the_contact_entered_it() -> None:
    life = Life()
    life.received()
    life.queued(target=5)
    life.later(10).assigned()
    life.later(10).queued(target=600, reason=QueuedReason.TRANSFERRED)
    assert figure("service_level_answered", life).values == {"share": 0.0}
