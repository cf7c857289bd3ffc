"""Data in each service, so that requests find more than empty tables."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import aiosmtplib

from deploy.local.ports import LOOPBACK
from shared.database.database import Database
from shared.kernel.clock import SystemClock
from shared.kernel.ids import new_id
from tests.integration.followup.following import FollowUp
from tests.integration.routing.world import REFUND, World
from tests.security.serving import AGENT, Server
from tests.support.clock import FakeClock
from tests.support.database import open_at
from tests.unit.followup.story import Story

Known = dict[str, Iterator[str]]
"""By the name of a path parameter: what exists, one after the other."""
MANY, FEW = 60, 10
UNREADABLE = b"Subject: from nobody\r\n\r\nhello\r\n"


async def seed(server: Server) -> Known:
    """Put data into the service's database; what can be named in its paths."""
    seeds: dict[str, Callable[[Server], Awaitable[dict[str, list[str]]]]] = {
        "intake": _intake,
        "routing": _routing,
        "followup": _followup,
    }
    found = await seeds[server.service](server) if server.service in seeds else {}
    return {name: _last_forever(values) for name, values in found.items()}


def _last_forever(values: list[str]) -> Iterator[str]:
    yield from values
    while True:
        yield values[-1]


async def _intake(server: Server) -> dict[str, list[str]]:
    contact = {
        "reference": "1",
        "channel": "web",
        "personal": {"address": "asha@example.org", "text": "Where is it?"},
    }
    with_file = EmailMessage()
    with_file["From"] = "asha@example.org"
    with_file.add_attachment("a,b\n", subtype="csv", filename="list.csv")
    async with aiosmtplib.SMTP(hostname=LOOPBACK, port=server.smtp, start_tls=False) as mail:
        await mail.sendmail("", ["help@rapport.example"], UNREADABLE)
        await mail.sendmail("asha@example.org", ["help@rapport.example"], with_file.as_bytes())
    async with server.client() as client:
        await client.post("/v1/contacts", json=contact)
        aside = (await client.get("/v1/quarantine")).json()["items"]
    async with _at_present(server) as (database, _), database.connection() as tx:
        of_mail = "select contact_id, message_id from attachment join message using (message_id)"
        [found] = await tx.fetch(of_mail)
    return {
        "contact_id": [str(found["contact_id"])],
        "message_id": [str(found["message_id"])],
        "position": ["0"],
        "quarantine_id": [entry["quarantine_id"] for entry in aside],
    }


async def _routing(server: Server) -> dict[str, list[str]]:
    async with _at_present(server) as (database, clock):
        world = World(database, clock)
        await world.queue("general")
        await world.queue("other", topics=())
        await world.agent("bob", ready=False)
        await world.agent(AGENT, slots=100, authorities=(REFUND,))
        held = [str(await world.assigned(AGENT)) for _ in range(MANY)]
        waiting = [await world.receive() for _ in range(FEW)]
        await world.dispatch()
        offers = [str((await world.offer_of(contact))["offer_id"]) for contact in waiting]
    return {
        "contact_id": held,
        "offer_id": offers,
        "queue_id": ["other"],
        "agent_id": ["bob"],
    }


async def _followup(server: Server) -> dict[str, list[str]]:
    async with _at_present(server) as (database, clock):
        follow_up = FollowUp(database, clock)
        asked = [await follow_up.asked(Story(new_id())) for _ in range(MANY)]
        return {"token": [await follow_up.token(check_in) for check_in in asked]}


@asynccontextmanager
async def _at_present(server: Server) -> AsyncIterator[tuple[Database, FakeClock]]:
    database = await open_at(server.dsn)
    try:
        yield database, FakeClock(SystemClock().now())
    finally:
        await database.close()
