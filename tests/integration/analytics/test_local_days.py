"""Days as people live them: in any zone, also where the clock is moved."""

import math
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.analytics.adapters.db import rollups
from services.analytics.application.queries.figures import read_figures
from services.analytics.domain.calendar_periods import span
from services.analytics.domain.figures.registry import DEFINITIONS
from services.analytics.settings import Settings
from shared.database.database import Database
from tests.integration.analytics.conftest import Count, ask, consume
from tests.support.life import Life
from tests.unit.analytics.zones import midnights, zones

A_FEW = hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Day(NamedTuple):
    """A date somewhere: the offsets at its two ends, and how long it is."""

    zone: str
    date: str
    before: str
    after: str
    hours: float

    @property
    def ends(self) -> tuple[datetime, datetime]:
        """Its first moment and that of the next day."""
        midnight, clock = datetime.fromisoformat(self.date), ZoneInfo(self.zone)
        both = (midnight, midnight + timedelta(days=1))
        start, end = (each.replace(tzinfo=clock).astimezone(UTC) for each in both)
        return start, end


KOLKATA = Day("Asia/Kolkata", "2026-03-02", "+05:30", "+05:30", 24)
DAYS = (
    KOLKATA,
    Day("Asia/Kathmandu", "2026-03-02", "+05:45", "+05:45", 24),
    Day("Europe/Berlin", "2026-03-29", "+01:00", "+02:00", 23),
    Day("Europe/Berlin", "2026-10-25", "+02:00", "+01:00", 25),
    Day("Australia/Lord_Howe", "2026-10-04", "+10:30", "+11:00", 23.5),
    Day("Australia/Lord_Howe", "2026-04-05", "+11:00", "+10:30", 24.5),
)
each_day = pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day.zone} {day.date}")


def received(seed: int, at: datetime) -> Life:
    """A contact that came in at this moment."""
    life = Life(seed, at.astimezone(UTC))
    life.received()
    return life


def around(start: datetime, end: datetime) -> list[Life]:
    """Two contacts of [start, end), its first and its last second, and one on each side of it."""
    second = timedelta(seconds=1)
    return [received(n, at) for n, at in enumerate((start - second, start, end - second, end))]


@each_day
async def test_a_day_is_the_day_of_the_asked_zone(
    client: httpx2.AsyncClient, settings: Settings, day: Day
) -> None:
    start, end = day.ends
    assert end - start == timedelta(hours=day.hours)
    await consume(settings, *around(start, end))
    until = end.astimezone(ZoneInfo(day.zone)).date().isoformat()
    asked = {"from": f"{day.date}T00:00:00", "to": f"{until}T00:00:00"}
    answer = await ask(client, **asked, zone=day.zone, grain="day")
    (period,) = answer["periods"]
    assert answer["zone"] == day.zone
    assert period["start"] == f"{day.date}T00:00:00{day.before}"
    assert period["end"] == f"{until}T00:00:00{day.after}"
    assert period["figures"]["contacts"]["n"] == 2


@each_day
async def test_the_hours_of_a_local_day_are_its_own(
    client: httpx2.AsyncClient, settings: Settings, day: Day
) -> None:
    start, end = day.ends
    await consume(settings, *around(start, end))
    asked = {"from": start.isoformat(), "to": end.isoformat()}
    periods = (await ask(client, **asked, zone=day.zone, grain="hour"))["periods"]
    counts = [period["figures"]["contacts"]["n"] for period in periods]
    assert len(periods) == math.ceil(day.hours)
    assert (counts[0], counts[-1], sum(counts)) == (1, 1, 2)


async def test_a_day_at_half_past_needs_no_zone_but_its_offset(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    await consume(settings, *around(*KOLKATA.ends))
    asked = {"from": "2026-03-02T00:00:00+05:30", "to": "2026-03-04T00:00:00+05:30"}
    first, second = (await ask(client, **asked, grain="day"))["periods"]
    assert (first["start"], first["end"]) == (asked["from"], "2026-03-03T00:00:00+05:30")
    assert first["figures"]["contacts"]["n"] == 2
    assert second["figures"]["contacts"]["n"] == 1


async def test_any_quarter_of_an_hour_can_be_asked_for(
    client: httpx2.AsyncClient, settings: Settings
) -> None:
    start = datetime(2026, 3, 2, 12, 15, tzinfo=UTC)
    end = start + timedelta(minutes=15)
    await consume(settings, *around(start, end))
    answer = await ask(client, **{"from": start.isoformat(), "to": end.isoformat()})
    assert answer["periods"][0]["figures"]["contacts"]["n"] == 2


@A_FEW
@given(data=st.data())
async def test_a_day_holds_whom_its_own_clock_says_and_its_quarters_add_up_to_it(
    database: Database, count_batch: Count, data: st.DataObject
) -> None:
    zone = data.draw(zones)
    first = data.draw(midnights)
    asked = span(first, first + timedelta(days=3), "day", zone)
    length = int((asked.end - asked.start).total_seconds())
    ages = data.draw(st.lists(st.integers(-7_200, length + 7_200), min_size=1, max_size=12))
    moments = [asked.start + timedelta(seconds=age) for age in ages]
    async with database.transaction() as tx:
        await tx.execute("truncate inbox, fact, rollup, watermark")
    await count_batch([each for n, at in enumerate(moments) for each in received(n, at).incoming()])
    async with database.connection() as tx:
        days = (await read_figures(tx, asked, DEFINITIONS)).periods
        stored = await rollups.all_sums(tx)
    dates = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    for number, day in enumerate(days):
        n = day.figures["contacts"].n
        assert n == dates.count((first + timedelta(days=number)).date())
        assert n == sum(
            quarter_n
            for (quarter, _, _, measure, _), quarter_n in stored.items()
            if measure == "contacts" and day.start <= quarter < day.end
        )
