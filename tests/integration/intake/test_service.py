"""The whole service as it is deployed: SMTP, HTTP and Kafka in; Kafka and SMTP out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib
import httpx2
import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from deploy.local.people.mailboxes import Mailboxes
from services.intake.bootstrap import api, worker
from services.intake.entrypoints.smtp import SmtpServer
from services.intake.settings import MailSettings, Settings, SmtpSettings
from shared.contracts.cloudevents import Incoming, Outgoing
from shared.contracts.event import Event, topic_of
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageSent,
    PromiseBasis,
    PromiseOutcome,
    PromiseSettled,
)
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import MessageKind
from shared.database.database import Database
from shared.kernel.clock import SystemClock
from shared.kernel.ids import new_id
from shared.messaging.kafka import Message, read_all
from shared.settings import KafkaSettings
from tests.conftest import MakeDsn
from tests.integration.http.serving import serving
from tests.integration.intake.desk import a_contact, settings_in, token
from tests.support.database import open_at
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from, message, publish, running
from tests.unit.intake.builders import a_forecast, a_queue

LETTERS = "rapport.intake.dead-letters"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
HERS = """
select contact_id from contact join contact_point using (contact_point_id)
where address = 'asha@example.org'
"""
THERE = """
select channel, sum(stored)::int as stored, sum(waiting)::int as quarantined from (
  select channel, 1 as stored, 0 as waiting from message where arrival_key is not null
  union all select channel, 0, 1 from quarantine where replayed_at is null
) as kept group by channel
"""
"""What each channel brought, as the tables themselves hold it; other tests use the same inbox."""


@dataclass
class Running:
    """The ports of a running service, and what stands behind them."""

    smtp_port: int
    http: httpx2.AsyncClient
    mailboxes: Mailboxes
    database: Database
    kafka: KafkaSettings

    async def tell(self, event: Event) -> None:
        await publish(self.kafka, topic_of(event).name, message(Outgoing(event)))

    async def said(self, customer_or_contact: str, *types: type[Event]) -> list[Incoming[Event]]:
        """What is on Kafka about this aggregate, once all of these types are."""

        async def found() -> list[Incoming[Event]]:
            topics = ("rapport.contacts", "rapport.customers")
            found = [each for topic in topics for each in await consumed_from(self.kafka, topic)]
            mine = [each for each in found if each.subject == customer_or_contact]
            assert {type(each.data) for each in mine} >= set(types)
            return mine

        return await eventually(found, within=30, every=0.3)


@pytest.fixture
async def service(
    postgres_dsn: MakeDsn, broker: KafkaSettings, tmp_path: Path
) -> AsyncIterator[Running]:
    """One api and two workers that share the work."""
    mailboxes = Mailboxes()
    await mailboxes.start()
    dsn = await postgres_dsn("intake")
    settings: Settings = settings_in(
        tmp_path,
        dsn,
        kafka=broker,
        smtp=SmtpSettings(port=0),
        mail=MailSettings(host="127.0.0.1", port=mailboxes.port),
    )
    async with AsyncExitStack() as stack:
        database = await open_at(dsn)
        stack.push_async_callback(database.close)
        stack.push_async_callback(mailboxes.stop)
        for _ in range(2):
            role = await stack.enter_async_context(worker(settings))
            await stack.enter_async_context(running(*role.parts.values()))
        role = await stack.enter_async_context(api(settings))
        await stack.enter_async_context(running(*role.parts.values()))
        smtp: Any = role.parts["smtp"]
        assert isinstance(smtp, SmtpServer)
        await eventually(lambda: smtp.open)
        assert role.app
        http = await stack.enter_async_context(serving(role.app))
        http.headers.update(token(tmp_path))
        yield Running(smtp.port, http, mailboxes, database, broker)


def submitted(event_id: str, value: bytes) -> Message:
    """What a publisher outside sends, by hand."""
    headers = [
        ("ce_id", event_id.encode()),
        ("ce_source", b"shop.example"),
        ("ce_specversion", b"1.0"),
        ("ce_type", b"rapport.contact.submitted.v1"),
        ("ce_traceparent", TRACE.encode()),
        ("content-type", b"application/json"),
    ]
    return Message(event_id.encode(), value, headers)


@pytest.mark.parametrize("write", [to_binary, to_structured])
async def test_what_the_cloudevents_sdk_publishes_becomes_a_contact_in_the_same_trace(
    service: Running, write: Callable[[CloudEvent, JSONFormat], KafkaMessage]
) -> None:
    address = f"{uuid4().hex}@example.org"
    attributes = {
        "id": uuid4().hex,
        "source": "https://shop.example",
        "type": "rapport.contact.submitted.v1",
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "traceparent": TRACE,
        "weight": 7,
    }
    written = write(CloudEvent(attributes, a_contact(address=address)), JSONFormat())
    record = Message(b"any", bytes(written.value), list(written.headers.items()))
    await publish(service.kafka, "rapport.inbox", record)
    contact_of = "select contact_id from contact join contact_point using (contact_point_id)"

    async def stored() -> str:
        async with service.database.connection() as tx:
            found = await tx.fetchval(f"{contact_of} where address = $1", address)
        assert found
        return str(found)

    contact_id = await eventually(stored, within=30)
    events = await service.said(contact_id, ContactReceived)
    assert {each.trace.parent[:35] for each in events if each.trace} == {TRACE[:35]}


async def test_from_a_mail_to_its_answer(service: Running) -> None:
    forecast, queue_id = a_forecast(30, SystemClock().now()), f"q-{uuid4().hex}"
    await service.tell(a_queue(queue_id, "*", forecast=forecast, rank=0))
    known = "select count(*) from queue where queue_id = $1"
    await eventually(lambda: _positive(service.database, known, queue_id), within=20)
    await asyncio.sleep(1.1)  # the servers look at the queues once a second
    mail = EmailMessage()
    mail["From"], mail["To"] = "Asha Rao <asha@example.org>", "help@rapport.example"
    mail["Message-ID"], mail["Subject"] = "<first@example.org>", "Invoice"
    mail.set_content("I was charged twice for the same order, please help.")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=service.smtp_port, start_tls=False)
    acknowledgement = await service.mailboxes.wait_for("asha@example.org", lambda _: True)
    assert "Hello Asha Rao" in acknowledgement.text
    contact_id = await _only(service.database, HERS)
    events = await service.said(str(contact_id), ContactReceived, MessageSent)
    received = next(e.data for e in events if isinstance(e.data, ContactReceived))
    assert received.promise
    assert received.promise.basis is PromiseBasis.FORECAST
    await service.tell(
        MessageRequested(
            contact_id=contact_id,
            message_id=new_id(),
            kind=MessageKind.REPLY,
            requested_at=SystemClock().now(),
            personal=MessagePersonal(text="The second charge is refunded."),
            agent_id="agent-1",
        )
    )
    reply = await service.mailboxes.wait_for("asha@example.org", lambda m: "refunded" in m.text)
    assert reply.headers["in-reply-to"] == "<first@example.org>"
    events = await service.said(str(contact_id), PromiseSettled)
    [settled] = [e.data for e in events if isinstance(e.data, PromiseSettled)]
    assert settled.outcome in (PromiseOutcome.BEATEN, PromiseOutcome.KEPT)
    assert sorted(e.seq or 0 for e in events) == list(range(1, len(events) + 1))
    await service.said(str(received.customer_id), CustomerIdentified)


async def test_an_event_of_the_inbox_is_a_contact_and_keeps_its_trace(service: Running) -> None:
    event_id = uuid4().hex
    personal = {"address": f"{event_id}@example.org", "text": "Where is it?"}
    value = msgspec.json.encode({"reference": "r", "channel": "web", "personal": personal})
    one = submitted(event_id, value)
    await publish(service.kafka, "rapport.inbox", one, one, submitted(f"{event_id}-bad", b"{"))
    customer = "select customer_id from contact_point where address = $1"
    address = personal["address"]
    await eventually(
        lambda: _positive(service.database, f"select count(*) from ({customer})", address),
        within=30,
    )
    customer_id = await _only(service.database, customer, address)
    events = await service.said(str(customer_id), CustomerIdentified)
    assert all(each.trace and each.trace.parent.startswith(TRACE[:35]) for each in events)
    sql = "select count(*) from contact where customer_id = $1"
    assert await _only(service.database, sql, customer_id) == 1
    broken = "select count(*) from quarantine where content = '{'::bytea"
    await eventually(lambda: _positive(service.database, broken), within=30)

    async def what_is_counted_is_there() -> None:
        tally = (await service.http.get("/v1/tally")).json()["channels"]
        counted = {each["channel"]: (each["stored"], each["quarantined"]) for each in tally}
        there = await _rows(service.database, THERE)
        assert counted == {row["channel"]: (row["stored"], row["quarantined"]) for row in there}
        assert counted["web"][0] >= 1
        assert counted["unknown"][1] >= 1

    await eventually(what_is_counted_is_there)


async def test_300_unreadable_records_of_a_stranger_hold_nobody_up(service: Running) -> None:
    letters = len(await read_all(service.kafka, LETTERS))
    name = uuid4().hex
    torn = [submitted(f"{name}-{n}", b"{" + name.encode()) for n in range(300)]
    personal = {"address": f"{name}@example.org", "text": "Where is it?"}
    good = msgspec.json.encode({"reference": "r", "channel": "web", "personal": personal})
    await publish(service.kafka, "rapport.inbox", *torn, submitted(name, good))
    stored = "select count(*) from contact_point where address = $1"
    aside = "select count(*) from quarantine where content = $1"

    async def all_accounted_for() -> None:
        assert await _only(service.database, stored, personal["address"]) == 1
        assert await _only(service.database, aside, b"{" + name.encode()) == 300

    await eventually(all_accounted_for, within=60)
    await service.mailboxes.wait_for(personal["address"], lambda _: True)
    assert len(await read_all(service.kafka, LETTERS)) == letters
    tally = (await service.http.get("/v1/tally")).json()["channels"]
    [unknown] = [account for account in tally if account["channel"] == "unknown"]
    assert unknown["received"] == unknown["quarantined"] >= 300
    [web] = [account for account in tally if account["channel"] == "web"]
    assert web["received"] == web["stored"] + web["quarantined"] + web["deduplicated"]


async def test_a_posted_contact_continues_the_trace_of_its_request(service: Running) -> None:
    answer = await service.http.post(
        "/v1/contacts", json=a_contact(), headers={"traceparent": TRACE}
    )
    assert answer.status_code == 202, answer.text
    events = await service.said(answer.json()["contact_id"], ContactReceived, MessageSent)
    assert {(each.trace or TraceContext("")).parent[:35] for each in events} == {TRACE[:35]}


async def _positive(database: Database, sql: str, *values: Any) -> bool:
    return bool(await _only(database, sql, *values))


async def _rows(database: Database, sql: str) -> list[Any]:
    async with database.connection() as tx:
        return list(await tx.fetch(sql))


async def _only(database: Database, sql: str, *values: Any) -> Any:
    async with database.connection() as tx:
        return await tx.fetchval(sql, *values)
