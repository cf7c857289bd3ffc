"""While too much waits to be published intake takes nobody in, and then everybody who comes again."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
import pytest

from shared.database.database import Database
from shared.kernel.errors import Unavailable
from shared.messaging.outbox.backlog import Limit
from tests.conftest import OpenDatabase
from tests.integration.intake.desk import a_contact, calling
from tests.integration.intake.place import Intake
from tests.integration.intake.test_inbox import process, submitted
from tests.integration.intake.test_smtp_server import a_mail, deliver, listening
from tests.support.clock import FakeClock

PUBLISHED = """
insert into relay_cursor (id, xid, position)
select 1, xid, position from outbox order by xid desc, position desc limit 1
"""


@pytest.fixture
async def intake(open_database: OpenDatabase, clock: FakeClock) -> AsyncIterator[Intake]:
    """One event may wait, and after this the limit is reached."""
    opened = Intake(await open_database("intake"), clock, limit=Limit(1, 10**12))
    await process(opened, [submitted(0)])
    await opened.backlog.measure()
    yield opened
    await opened.readers.close()


async def relieve(intake: Intake) -> None:
    """The relay catches up."""
    async with intake.database.connection() as tx:
        await tx.execute(PUBLISHED)
    await intake.backlog.measure()


async def stored(database: Database) -> int:
    async with database.connection() as tx:
        return int(await tx.fetchval("select count(*) from message where arrival_key is not null"))


async def test_a_contact_by_http_is_503_with_retry_after(intake: Intake, tmp_path: Path) -> None:
    async with calling(intake, tmp_path) as client:
        refused = await client.post("/v1/contacts", json=a_contact())
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        assert refused.json()["detail"].startswith("outbox: ")
        assert await stored(intake.database) == 1
        await relieve(intake)
        assert (await client.post("/v1/contacts", json=a_contact())).status_code == 202


async def test_a_mail_is_451_and_taken_when_it_comes_again(intake: Intake) -> None:
    async with listening(intake.mail) as server:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await deliver(server, a_mail(message_id="<1@example.org>"))
        assert refused.value.code == 451
        assert await stored(intake.database) == 1
        await relieve(intake)
        await deliver(server, a_mail(message_id="<1@example.org>"))
    assert await stored(intake.database) == 2


async def test_the_records_of_the_inbox_wait_on_their_topic(intake: Intake) -> None:
    with pytest.raises(Unavailable, match="outbox: "):
        await process(intake, [submitted(1, event="e-2")])
    assert await stored(intake.database) == 1
    await relieve(intake)
    await process(intake, [submitted(1, event="e-2")])
    assert await stored(intake.database) == 2
