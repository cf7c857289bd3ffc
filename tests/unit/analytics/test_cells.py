"""Where a contact counts: its quarter of an hour, its first queue, its channel."""

from datetime import UTC, datetime, timedelta, timezone

from services.analytics.domain.facts import NOTHING
from services.analytics.domain.rollups import NOT_QUEUED, Sums, add_change, contributions
from shared.contracts.routing import QueuedReason
from shared.contracts.values import Channel
from tests.support.life import NOON, Life
from tests.unit.analytics.figures import contact, taken
from tests.unit.analytics.histories import fact_of, project


def cells(life: Life) -> set[tuple[datetime, str, str]]:
    return {key[:3] for key in contributions(fact_of(life))}


def test_a_contact_counts_in_the_quarter_it_was_received_in_whenever_things_happened() -> None:
    life = Life(start=NOON + timedelta(minutes=59))
    life.received(Channel.CHAT)
    life.later(600).queued("orders")
    life.later(90_000).assigned()
    assert cells(life) == {(NOON + timedelta(minutes=45), "orders", "chat")}


def test_a_quarter_is_utc_whatever_zone_the_time_is_given_in() -> None:
    life = Life(start=NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    life.received()
    life.queued()
    assert cells(life) == {(NOON.astimezone(UTC), "billing", "email")}


def test_a_transfer_does_not_move_a_contact_to_another_queue() -> None:
    life = taken(1)
    life.queued("managers", QueuedReason.ESCALATED)
    assert {queue_id for _, queue_id, _ in cells(life)} == {"billing"}


def test_a_contact_that_nobody_received_adds_nothing_yet() -> None:
    life = Life()
    life.queued()
    life.assigned()
    assert contributions(fact_of(life)) == {}


def test_a_contact_stands_under_no_queue_until_it_is_queued_and_leaves_nothing_there() -> None:
    sums: Sums = {}
    received, queued = contact(1).incoming()
    first = project(NOTHING, received)
    add_change(sums, NOTHING, first)
    assert {key[1] for key in sums} == {NOT_QUEUED}
    add_change(sums, first, project(first, queued))
    assert {key[1] for key, n in sums.items() if n} == {"billing"}
    assert min(sums.values()) == 0
