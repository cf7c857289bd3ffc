"""Operators see what waits, what is refused and how deliveries end."""

import asyncio
from collections.abc import Sequence

from prometheus_client import REGISTRY

from services.intake.application.group_commit import GroupCommit
from services.intake.entrypoints.jobs import show_what_waits
from services.intake.entrypoints.smtp import SmtpServer
from tests.conftest import MakeDsn
from tests.integration.intake.place import Intake
from tests.integration.intake.test_deliveries import (
    Provider,
    _all_sent,
    a_job,
    provider,
)
from tests.integration.intake.test_inbox import process, torn
from tests.integration.intake.test_smtp_server import dialogue, server
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import running
from tests.unit.intake.builders import an_arrival

__all__ = ["provider", "server"]


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"rapport_{name}", labels) or 0.0


async def test_what_is_not_delivered_yet_is_shown_with_the_age_of_the_oldest(
    intake: Intake, provider: Provider
) -> None:
    await intake.stored(an_arrival())
    before = sample("intake_deliveries_total", channel="email", state="sent")
    intake.clock.advance(60)
    await show_what_waits(intake.jobs(batch=10))
    assert sample("intake_messages_queued") == 1
    assert sample("intake_messages_oldest_seconds") == 60
    async with running(a_job(intake, provider)):
        await eventually(lambda: _all_sent(intake))
    await show_what_waits(intake.jobs(batch=10))
    assert (sample("intake_messages_queued"), sample("intake_messages_oldest_seconds")) == (0, 0)
    assert sample("intake_deliveries_total", channel="email", state="sent") == before + 1


async def test_what_waits_in_quarantine_is_counted_from_wherever_it_came(intake: Intake) -> None:
    await process(intake, [torn(1), torn(2)])
    await show_what_waits(intake.jobs(batch=10))
    assert sample("intake_quarantine_waiting") == 2


async def test_what_the_server_for_mail_refuses_is_counted_by_its_code(server: SmtpServer) -> None:
    codes = "250", "501", "550"
    before = [sample("intake_smtp_refusals_total", code=code) for code in codes]
    lines = b"HELO a", b"MAIL nonsense", b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@b.c>"
    await dialogue(server, *(line + b"\r\n" for line in lines))
    after = [sample("intake_smtp_refusals_total", code=code) for code in codes]
    assert [new - old for new, old in zip(after, before, strict=True)] == [0, 1, 1]


async def test_who_waits_for_a_connection_to_the_database_is_seen(postgres_dsn: MakeDsn) -> None:
    database = await open_at(await postgres_dsn("intake"), pool_max=1)
    held = asyncio.Event()

    async def hold() -> None:
        async with database.connection():
            await held.wait()

    before = sample("database_wait_seconds_sum")
    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        await asyncio.sleep(0)
        waiting = group.create_task(database.ping())
        await asyncio.wait([waiting], timeout=0.3)
        held.set()
    await database.close()
    assert 0.2 < sample("database_wait_seconds_sum") - before < 5


async def test_what_no_flush_has_taken_yet_waits() -> None:
    release = asyncio.Event()

    async def flush(items: Sequence[int]) -> Sequence[int]:
        await release.wait()
        return items

    commits = GroupCommit(flush, max_in_flight=1)
    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(commits.submit(number))
            await asyncio.sleep(0.01)
        assert commits.waiting == 4
        release.set()
    assert commits.waiting == 0
