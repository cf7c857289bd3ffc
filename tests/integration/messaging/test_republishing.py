"""Publishing again by command."""

from argparse import Namespace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database
from shared.messaging.outbox.append import append
from shared.messaging.outbox.relay import Relay
from shared.messaging.outbox.republish import republish_command
from shared.runtime.command_line import asked
from shared.runtime.commands import COMMANDS, run_command
from shared.settings import DatabaseSettings, KafkaSettings
from tests.conftest import MakeDsn
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE, confirmed, running

UNPUBLISHED = """
select count(*) from outbox, relay_cursor as here
where (outbox.xid, outbox.position) > (here.xid, here.position)
"""


async def unpublished(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval(UNPUBLISHED))


async def test_the_command_lets_the_relay_publish_again_what_was_appended_since(
    postgres_dsn: MakeDsn, broker: KafkaSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = await postgres_dsn("messaging")
    settings = SimpleNamespace(database=DatabaseSettings(dsn=SecretStr(dsn)))
    database = await open_at(dsn)
    async with database.transaction() as tx:
        await append(tx, SOURCE, [Outgoing(confirmed(uuid4())) for _ in range(3)])
    async with running(Relay(database, broker)):

        async def all_published() -> None:
            async with database.connection() as connection:
                assert await connection.fetchval("select count(*) from published") > 0
            assert await unpublished(database) == 0

        await eventually(all_published, within=30)
    capsys.readouterr()  # what the relay logged
    status = await republish_command("followup", settings, since("2020-01-01"))
    assert (status, await unpublished(database)) == (0, 3)
    assert capsys.readouterr().out.startswith("3 events since 2020-01-01")
    status = await republish_command("followup", settings, since("2999-01-01"))
    assert (status, await unpublished(database)) == (0, 3)
    nothing = "No events since 2999-01-01T00:00:00+00:00; nothing is published again.\n"
    assert capsys.readouterr().out == nothing
    await database.close()


async def test_the_command_says_that_the_database_is_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    away = DatabaseSettings(dsn=SecretStr("postgresql://nobody@127.0.0.1:1/none"))
    settings: Any = SimpleNamespace(database=away)
    command = COMMANDS["republish"]
    assert await run_command(command, "followup", settings, since("2020-01-01")) == 1
    assert "database" in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["bogus", "2026-13-01", "12:00"])
def test_what_is_no_moment_is_refused_with_one_that_is(
    moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        since(moment)
    refused = capsys.readouterr().err
    assert "argument --since: not a moment; such as 2026-03-02T12:00:00Z" in refused
    assert since("2026-03-02T12:00:00Z").since.hour == 12


def test_its_help_says_how_far_back_it_reaches_and_that_it_may_be_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        asked("followup", ["republish", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "reaches back RAPPORT_RETENTION__OUTBOX_HOURS" in said
    assert "Doing it twice is harmless" in said


def since(moment: str) -> Namespace:
    return asked("followup", ["republish", "--since", moment])
