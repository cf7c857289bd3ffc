"""The platform after much has happened on it, and all of its telemetry."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from deploy.local.parts import LocalParts
from deploy.local.platform import Platform
from deploy.local.quiet import wait_until_quiet
from shared.contracts import topics
from shared.contracts.record import Record
from shared.messaging.kafka import read_all
from tests.e2e.world import ENVIRONMENT, World
from tests.support.otlp import Collector, Seen
from tests.telemetry.journeys import MarkedCentre, on_every_entry, until_unrefuted
from tests.telemetry.mishaps import CURSE, CURSED_TABLES, all_of_them
from tests.telemetry.post import QuotingPost

Process = tuple[str, str]


@dataclass(frozen=True)
class Telemetry:
    """`contacts` by their entry; `metrics` as scraped; `accounts` as intake's API shows them."""

    contacts: dict[str, str]
    metrics: dict[Process, str]
    accounts: dict[str, dict[str, int]]
    spans: list[Seen]
    logs: dict[str, bytes]
    records: dict[str, list[Record]]

    def samples(self, process: Process) -> list[Sample]:
        """Every value the process showed."""
        families = text_string_to_metric_families(self.metrics[process])
        return [sample for family in families for sample in family.samples]

    def value(self, process: Process, name: str, **labels: str) -> float:
        """The sum of a metric's values, over all labels that are not given."""
        return sum(
            sample.value
            for sample in self.samples(process)
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@contextmanager
def played(parts: LocalParts) -> Iterator[Telemetry]:
    """The platform has been running, is at rest and has ended, with all its telemetry exported."""
    with QuotingPost() as post, Collector() as collector:
        platform = Platform(parts, mail=post.here, extra_env=_environment(collector))
        with platform:
            contacts, metrics, accounts = asyncio.run(_play(World(platform, post)))
        records = asyncio.run(_records(World(platform, post)))
        logs = {path.name: path.read_bytes() for path in (parts.instance.home / "logs").iterdir()}
        yield Telemetry(contacts, metrics, accounts, collector.spans, logs, records)


def _environment(collector: Collector) -> dict[str, dict[str, str]]:
    everywhere = {
        "RAPPORT_TELEMETRY__OTLP_ENDPOINT": collector.endpoint,
        "RAPPORT_TELEMETRY__SAMPLE_RATIO": "1",
        "RAPPORT_TELEMETRY__LOG_LEVEL": "DEBUG",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    environment = {service: {**own, **everywhere} for service, own in ENVIRONMENT.items()}
    environment["intake"] |= {
        "RAPPORT_PROMISE__MINIMUM_SECONDS": "1",
        "RAPPORT_PROMISE__DEFAULT_TARGET_SECONDS": "2",
    }
    return environment


async def _play(world: World) -> tuple[dict[str, str], dict[Process, str], dict[str, Any]]:
    await world.prepare()
    for service, table in CURSED_TABLES.items():
        world.platform.parts.postgres.psql(CURSE.format(table=table), service)
    async with AsyncExitStack() as centres:
        entered, silent, wrong = [
            await centres.enter_async_context(MarkedCentre(world)) for _ in range(3)
        ]
        contacts, *_ = await asyncio.gather(
            on_every_entry(entered), until_unrefuted(silent), all_of_them(wrong)
        )
        await wait_until_quiet(world.where)
        metrics = await _scraped(world.where.ops)
        tally = (await entered.intake.get("/v1/tally")).raise_for_status().json()
    return contacts, metrics, {each.pop("channel"): each for each in tally["channels"]}


async def _scraped(ops: Mapping[Process, str]) -> dict[Process, str]:
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as operator:
        responses = [await operator.get(f"{url}/metrics") for url in ops.values()]
    return {process: response.text for process, response in zip(ops, responses, strict=True)}


async def _records(world: World) -> dict[str, list[Record]]:
    return {topic.name: await read_all(world.kafka, topic.name) for topic in topics.ALL}
