"""When a customer is asked: by rule, and never in the quiet hours of where they live."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.followup.domain.check_ins.model import Claim, Received
from services.followup.domain.check_ins.policy import Policy, QuietHours, Rule
from shared.contracts.values import Channel
from shared.kernel.ids import new_id

NIGHT = QuietHours(time(21), time(8))
DAY = timedelta(days=1)
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"}))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


def claim(at: datetime, queue_id: str = "billing") -> Claim:
    return Claim(
        resolution_id=new_id(),
        contact_id=new_id(),
        agent_id="ana",
        queue_id=queue_id,
        number=1,
        claimed_at=at,
    )


def customer(time_zone: str = "UTC", channel: Channel = Channel.EMAIL) -> Received:
    return Received(
        customer_id=new_id(),
        channel=channel,
        language="en",
        time_zone=time_zone,
        value_tier="standard",
        automatic=False,
    )


def is_quiet(moment: datetime, time_zone: str, hours: QuietHours) -> bool:
    """Said another way than the policy says it: minute by minute on the customer's own clock."""
    here = moment.astimezone(ZoneInfo(time_zone))
    clock, start, end = (
        part.hour * 3600 + part.minute * 60 + part.second + part.microsecond / 1e6
        for part in (here.time(), hours.start, hours.end)
    )
    return (clock - start) % 86_400 < (end - start) % 86_400


@given(at=MOMENTS, zone=ZONES, delay=st.timedeltas(timedelta(0), 30 * DAY))
@example(at=datetime(2026, 3, 28, 22, tzinfo=UTC), zone="Europe/Berlin", delay=timedelta(0))
@example(at=datetime(2026, 10, 24, 23, tzinfo=UTC), zone="Europe/Berlin", delay=timedelta(0))
@example(at=datetime(2011, 12, 30, 9, tzinfo=UTC), zone="Pacific/Apia", delay=timedelta(0))
@example(at=datetime(2026, 4, 4, 15, 10, tzinfo=UTC), zone="Australia/Lord_Howe", delay=DAY)
def test_a_check_in_is_never_due_in_quiet_hours_and_never_before_its_delay(
    at: datetime, zone: str, delay: timedelta
) -> None:
    policy = Policy([Rule(delay=delay, window=DAY)], NIGHT)
    due = policy.due_at(claim(at), customer(zone))
    assert due >= at + delay
    assert not is_quiet(due, zone, NIGHT)
    # 11 quiet hours, and what clocks that are put back or a day that is left out may add
    assert due - (at + delay) <= timedelta(hours=13) or zone in ("Pacific/Apia", "Pacific/Fakaofo")


@given(moment=MOMENTS, zone=ZONES, start=CLOCKS, end=CLOCKS)
def test_whatever_the_quiet_hours_they_end_at_their_end_and_not_in_them(
    moment: datetime, zone: str, start: time, end: time
) -> None:
    hours = QuietHours(start, end)
    over = hours.over_at(moment, zone)
    assert over >= moment
    if not is_quiet(moment, zone, hours):
        assert over == moment
    else:
        local = over.astimezone(ZoneInfo(zone))
        shifted = local.utcoffset() != moment.astimezone(ZoneInfo(zone)).utcoffset()
        assert shifted or local.time() == end


@pytest.mark.parametrize(
    ("moment", "zone", "over"),
    [
        ("2026-03-02T20:59:59Z", "UTC", "2026-03-02T20:59:59Z"),
        ("2026-03-02T21:00:00Z", "UTC", "2026-03-03T08:00:00Z"),
        ("2026-03-02T07:59:59Z", "UTC", "2026-03-02T08:00:00Z"),
        ("2026-03-02T08:00:00Z", "UTC", "2026-03-02T08:00:00Z"),
        ("2026-03-02T16:00:00Z", "Asia/Kolkata", "2026-03-03T02:30:00Z"),
        ("2026-03-28T22:00:00Z", "Europe/Berlin", "2026-03-29T06:00:00Z"),
        ("2026-10-24T22:00:00Z", "Europe/Berlin", "2026-10-25T07:00:00Z"),
        ("2026-03-02T22:00:00Z", "No/Such_Zone", "2026-03-03T08:00:00Z"),
        ("2026-03-02T22:00:00Z", "../../etc/passwd", "2026-03-03T08:00:00Z"),
    ],
)
def test_quiet_hours_are_those_of_the_customers_own_clock(
    moment: str, zone: str, over: str
) -> None:
    assert NIGHT.over_at(datetime.fromisoformat(moment), zone) == datetime.fromisoformat(over)


def test_an_end_of_quiet_hours_that_the_clock_skips_is_followed_by_the_next_moment_there_is() -> (
    None
):
    hours = QuietHours(time(22), time(2, 30))
    night = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert hours.over_at(night, "Europe/Berlin") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_passes_twice_is_quiet_twice() -> None:
    hours = QuietHours(time(22), time(2, 30))
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert hours.over_at(second_pass, "Europe/Berlin") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_quiet_hours_can_be_switched_off() -> None:
    policy = Policy([Rule(delay=timedelta(0), window=DAY)], None)
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert policy.due_at(claim(midnight), customer()) == midnight


def test_the_first_rule_that_takes_a_contact_counts() -> None:
    soon = Rule(delay=timedelta(hours=1), window=DAY, channel="chat")
    later = Rule(delay=timedelta(hours=2), window=2 * DAY, queue_id="sales")
    otherwise = Rule(delay=timedelta(hours=3), window=3 * DAY)
    policy = Policy([soon, later, otherwise])
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    chat, mail = customer(channel=Channel.CHAT), customer()
    assert policy.due_at(claim(at, "sales"), chat) == at + timedelta(hours=1)
    assert policy.due_at(claim(at, "sales"), mail) == at + timedelta(hours=2)
    assert policy.due_at(claim(at), mail) == at + timedelta(hours=3)
    assert policy.closes_at(claim(at, "sales"), mail, at) == at + 2 * DAY
