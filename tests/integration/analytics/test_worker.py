"""The worker on a real broker: what is published is counted, and a rebuild counts the same."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.analytics.adapters.db import generations, rollups
from services.analytics.application import rebuilding
from services.analytics.application.queries.recounted import differences
from services.analytics.bootstrap import SERVICE, worker
from services.analytics.domain.rollups import Sums
from services.analytics.entrypoints.cli import COMMANDS, REACH_DAYS
from services.analytics.settings import Settings
from shared.contracts.event import topic_of
from shared.database.database import Database
from shared.messaging.kafka import Message, start_over
from shared.runtime.command_line import asked
from shared.runtime.commands import run_command
from shared.settings import AuthSettings, DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn
from tests.integration.analytics.test_counting import sums_of
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import message, publish, running
from tests.support.life import NOON, Life, whole_life

OWN_HOURS = NOON.replace(year=2031)
"""Hours of this test alone: the topics are shared with others."""

OPEN = """
select count(*) from pg_stat_activity
where datname = current_database() and backend_xid is not null
"""


@pytest.fixture
async def settings(postgres_dsn: MakeDsn, broker: KafkaSettings, tmp_path: Path) -> Settings:
    return Settings(
        database=DatabaseSettings(dsn=SecretStr(await postgres_dsn("analytics"))),
        kafka=broker,
        auth=AuthSettings(issuer="https://issuer.invalid", jwks=str(tmp_path / "none.json")),
        job_interval_seconds=0.2,
    )


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = await open_at(settings.database.dsn.get_secret_value())
    yield opened
    await opened.close()


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    async with worker(settings) as role, running(*role.parts.values()):
        yield


async def publish_lives(kafka: KafkaSettings, lives: list[Life]) -> None:
    loads: dict[str, list[Message]] = {}
    for life in lives:
        for event in life.events:
            loads.setdefault(topic_of(event).name, []).append(message(event))
    await asyncio.gather(*(publish(kafka, topic, *load) for topic, load in loads.items()))


async def of_these(database: Database, lives: list[Life]) -> Sums:
    """The stored sums; other tests' contacts on the shared topics are not among them."""
    hours = {key[0] for key in sums_of(lives)}
    async with database.connection() as tx:
        return {key: n for key, n in (await rollups.all_sums(tx)).items() if key[0] in hours}


async def test_a_rebuild_counts_what_was_counted_live(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    if not settings.kafka.idempotent:
        pytest.skip("the embedded broker never forgets a member that left")
    lives = [whole_life(seed, OWN_HOURS) for seed in range(40)]
    events = sum(len(life.events) for life in lives)
    right = sums_of(lives)

    async def all_counted() -> bool:
        return await of_these(database, lives) == right

    async def all_consumed() -> bool:
        async with database.connection() as tx:
            return bool(await tx.fetchval("select count(*) >= $1 from inbox", events))

    async with working(settings):
        await publish_lives(settings.kafka, lives)
        await eventually(all_counted, within=30)
        assert await command(settings, "rebuild", "--yes") == 1
        assert "stop its workers" in capsys.readouterr().err
        assert await all_counted()
    assert await command(settings, "rebuild") == 2
    assert f"figures older than {REACH_DAYS} days would not come back" in capsys.readouterr().err
    assert await all_counted()
    await eventually(lambda: done(settings, "rebuild", "--yes"), within=20)
    assert printed(capsys).startswith("All facts are forgotten; the old figures are read until ")
    assert await all_counted()
    assert not await known(database)
    assert await command(settings, "recount") == 1
    assert "a rebuild is under way" in capsys.readouterr().err
    assert await done(settings, "rebuild", "--yes")
    assert "A rebuild is under way" in printed(capsys)
    async with working(settings):
        await eventually(lambda: complete(database), within=30)
    assert await all_counted()
    await eventually(lambda: done(settings, "replay"), within=20)
    assert printed(capsys).startswith("The next worker consumes again from the oldest record on: ")
    async with working(settings):
        await eventually(all_consumed, within=30)
    assert await all_counted()
    async with database.transaction() as tx:
        assert await differences(tx) == {}
    assert await command(settings, "recount") == 0
    assert re.fullmatch(r"[1-9]\d* contacts are counted anew from the facts\.", printed(capsys))
    assert await all_counted()


@pytest.mark.parametrize("words", [("replay",), ("rebuild", "--yes")], ids=" ".join)
async def test_no_transaction_is_open_while_the_broker_is_asked(
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    words: Sequence[str],
) -> None:
    """The broker may take half a minute, and a transaction that wrote holds up every relay meanwhile."""
    open_ones: list[int] = []

    async def ask(kafka: KafkaSettings, group: str, topics: Sequence[str]) -> None:
        async with database.connection() as tx:
            open_ones.append(await tx.fetchval(OPEN))
        await start_over(kafka, f"{group}-{words[0]}", topics)

    monkeypatch.setattr(rebuilding, "start_over", ask)
    await eventually(lambda: done(settings, *words), within=20)
    assert open_ones == [0]


async def known(database: Database) -> int:
    """How many contacts there are facts of."""
    async with database.connection() as tx:
        return int(await tx.fetchval("select count(*) from fact"))


async def complete(database: Database) -> bool:
    """Whether nothing is being made."""
    async with database.connection() as tx:
        return (await generations.read(tx)).next is None


@pytest.mark.parametrize("word", COMMANDS)
async def test_a_command_says_that_the_database_is_away(
    settings: Settings, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    nowhere = DatabaseSettings(dsn=SecretStr("postgresql://nobody@127.0.0.1:1/none"))
    away = settings.model_copy(update={"database": nowhere})
    assert await command(away, word, *["--yes"] * (word == "rebuild")) == 1
    assert "database" in capsys.readouterr().err


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """The last line; before it the worker logs."""
    return capsys.readouterr().out.splitlines()[-1]


async def command(settings: Settings, *argv: str) -> int:
    """What `python -m services.analytics …` does; its exit status."""
    options = asked(SERVICE.name, argv, SERVICE.commands)
    return await run_command(SERVICE.commands[options.word], SERVICE.name, settings, options)


async def done(settings: Settings, *argv: str) -> bool:
    """Whether it was done: a worker that has just left may be a member for a moment yet."""
    return await command(settings, *argv) == 0
