"""How late the figures count what happens is measured once for each event that moves them."""

import pytest
from prometheus_client import REGISTRY

from services.analytics.adapters.db import generations
from services.analytics.application.commands.rebuild import begin_rebuild
from shared.database.database import Database
from shared.messaging.outbox.use_case import execute
from tests.integration.analytics.conftest import CLOCK, Count
from tests.support.life import NOON, whole_life


def measured() -> tuple[float, float]:
    """How many events, and by how many seconds they were late in all."""
    name = "rapport_figures_delay_seconds"
    count, total = (REGISTRY.get_sample_value(f"{name}_{each}") for each in ("count", "sum"))
    assert count is not None
    assert total is not None
    return count, total


@pytest.fixture(autouse=True)
def _a_minute_later() -> None:
    CLOCK.set(NOON)
    CLOCK.advance(60)


async def test_each_event_is_as_late_as_the_time_since_it_happened(count_batch: Count) -> None:
    batch, before = whole_life(1).incoming(), measured()
    await count_batch(batch)
    late = [(CLOCK.now() - event.time).total_seconds() for event in batch]
    assert measured() == pytest.approx((before[0] + len(batch), before[1] + sum(late)))


async def test_what_is_read_again_and_changes_nothing_is_not_late(count_batch: Count) -> None:
    batch = whole_life(2).incoming()
    await count_batch(batch)
    before = measured()
    CLOCK.advance(86_400)
    await count_batch(batch)
    assert measured() == before


async def test_a_rebuild_is_not_late(count_batch: Count, database: Database) -> None:
    await execute(database, begin_rebuild)
    before = measured()
    await count_batch(whole_life(3).incoming())
    assert measured() == before
    async with database.connection() as tx:
        assert (await generations.read(tx)).next is not None
