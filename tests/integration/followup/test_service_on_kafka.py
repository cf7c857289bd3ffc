"""The whole service as it is deployed: Kafka in, PostgreSQL, Kafka and HTTP out, on the real clock."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import AnyHttpUrl, SecretStr

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from services.followup.bootstrap import api, worker
from services.followup.settings import CheckInSettings, Settings
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, topic_of
from shared.contracts.followup import (
    CheckInAnswered,
    CheckInScheduled,
    CheckInSent,
    ResolutionRefuted,
    ResolutionUnrefuted,
)
from shared.contracts.routing import MessageRequested
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn
from tests.integration.followup.following import SECRETS
from tests.integration.http.serving import serving
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from, message, publish, running
from tests.unit.followup.story import TRACE, Story

PUBLISHED = ("rapport.deliveries", "rapport.followups")
LINK = re.compile(r"http://\S+")


@pytest.fixture
async def settings(postgres_dsn: MakeDsn, broker: KafkaSettings, tmp_path: Path) -> Settings:
    issuer = TokenIssuer(tmp_path)
    return Settings(
        database=DatabaseSettings(dsn=SecretStr(await postgres_dsn("followup"))),
        kafka=broker,
        auth=AuthSettings(issuer=ISSUER, audience=AUDIENCE, jwks=str(issuer.jwks)),
        public_url=AnyHttpUrl("http://follow.test"),
        link_secrets=SECRETS,
        check_in=CheckInSettings(delay_seconds=0.5, window_seconds=6, quiet_hours=False),
    )


@pytest.fixture
async def customer(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser; behind it the whole service runs: one api, and two workers that share the work."""
    async with AsyncExitStack() as stack:
        for _ in range(2):
            role = await stack.enter_async_context(worker(settings))
            await stack.enter_async_context(running(*role.parts.values()))
        served = await stack.enter_async_context(api(settings))
        assert served.app is not None
        yield await stack.enter_async_context(serving(served.app))


async def publish_all(broker: KafkaSettings, *events: Incoming[Event]) -> None:
    """Publish what the other services would."""
    for one in events:
        outgoing = Outgoing(one.data, id=one.id, trace=one.trace)
        await publish(broker, topic_of(one.data).name, message(outgoing))


async def published(broker: KafkaSettings, story: Story) -> list[Incoming[Event]]:
    """What the service has published about a contact, topic by topic."""
    read = [await consumed_from(broker, topic) for topic in PUBLISHED]
    return [one for topic in read for one in topic if one.subject == str(story.contact_id)]


async def expect(broker: KafkaSettings, story: Story, *types: type[Event]) -> list[Incoming[Event]]:
    async def found() -> list[Incoming[Event]]:
        events = await published(broker, story)
        assert {type(one.data) for one in events} >= set(types)
        return events

    return await eventually(found, within=30, every=0.2)


def path_in(events: list[Incoming[Event]]) -> str:
    (requested,) = [one.data for one in events if isinstance(one.data, MessageRequested)]
    (link,) = LINK.findall(requested.personal.text)
    return urlsplit(str(link)).path


async def test_from_a_claim_to_a_refuted_resolution_and_to_an_unrefuted_one(
    customer: httpx2.AsyncClient, broker: KafkaSettings
) -> None:
    clear, silent = Story(), Story()
    began = asyncio.get_running_loop().time()
    await publish_all(broker, clear.claimed(0), silent.claimed(0))
    await publish_all(
        broker, clear.received(language="te"), silent.received(), clear.identified("Sita")
    )
    events = await expect(broker, clear, MessageRequested, CheckInSent)
    answered = await customer.post(f"{path_in(events)}/answer", json={"solved": False, "csat": 2})
    assert answered.status_code == 200, answered.text
    events = await expect(broker, clear, CheckInAnswered, ResolutionRefuted)
    kinds = [type(one.data) for one in events if one.origin.topic == "rapport.followups"]
    assert kinds == [CheckInScheduled, CheckInSent, CheckInAnswered, ResolutionRefuted]
    assert [one.seq for one in events if one.origin.topic == "rapport.followups"] == [1, 3, 4, 5]
    assert {one.trace and one.trace.parent[3:35] for one in events} == {TRACE.parent[3:35]}
    kinds = [type(one.data) for one in await expect(broker, silent, ResolutionUnrefuted)]
    assert kinds == [MessageRequested, CheckInScheduled, CheckInSent, ResolutionUnrefuted]
    assert asyncio.get_running_loop().time() - began < 60
