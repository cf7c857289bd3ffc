"""The worker on a real broker: a contact that is published is offered, and the offer is published."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.routing.bootstrap import worker
from services.routing.domain.queues.forecast import ENOUGH
from services.routing.settings import Settings
from shared.contracts import topics
from shared.contracts.routing import ContactQueued, Forecast, OfferMade, QueueChanged, QueueTopic
from shared.database.database import Database
from shared.kernel.clock import SystemClock
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn
from tests.integration.routing.api import settings_at
from tests.integration.routing.world import World
from tests.support.clock import FakeClock
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from, message, publish, running

OURS = "of-this-test"
"""A topic of contact that nobody else's queue takes: the broker still has what other tests published."""


@pytest.fixture
async def settings(postgres_dsn: MakeDsn, broker: KafkaSettings, tmp_path: Path) -> Settings:
    dsn = await postgres_dsn("routing")
    return settings_at(tmp_path, dsn, kafka=broker, forecast_seconds=0.2)


@pytest.fixture
async def busy(settings: Settings) -> AsyncIterator[World]:
    """A centre at the present time, whose worker runs."""
    database: Database = await open_at(settings.database.dsn.get_secret_value())
    async with worker(settings) as role, running(*role.parts.values()):
        yield World(database, FakeClock(SystemClock().now()))
    await database.close()


async def test_a_published_contact_is_queued_and_its_offer_published(
    busy: World, broker: KafkaSettings
) -> None:
    await busy.queue(topics=(QueueTopic(topic=OURS),))
    await busy.agent()
    event = busy.received(topic=OURS)
    await publish(broker, topics.CONTACTS.name, message(event))

    async def about() -> list[Any]:
        events = [each.data for each in await consumed_from(broker, topics.ASSIGNMENTS.name)]
        return [each for each in events if getattr(each, "contact_id", None) == event.contact_id]

    async def both() -> bool:
        return [type(each) for each in await about()] == [ContactQueued, OfferMade]

    await eventually(both, within=60)
    assert (await busy.offer_of(event.contact_id))["state"] == "open"


async def test_a_forecast_is_published_once_there_is_experience_enough(busy: World) -> None:
    await busy.queue(topics=(QueueTopic(topic=OURS),))
    await busy.agent("ann", slots=ENOUGH + 1)
    contacts = [await busy.receive(topic=OURS) for _ in range(ENOUGH)]

    async def offered() -> bool:
        return len(await busy.rows("select from offer where state = 'open'")) == ENOUGH

    await eventually(offered, within=60)
    for contact_id in contacts:
        await busy.accept("ann", (await busy.offer_of(contact_id))["offer_id"])

    async def forecast() -> Forecast | bool:
        forecasts = [each.forecast for each in await busy.published(QueueChanged)]
        return forecasts[-1] or False

    found = await eventually(forecast, within=60)
    assert isinstance(found, Forecast)
    assert (found.agents_ready, found.waiting) == (1, 0)
