"""A contact to which nothing has happened for long is deleted whole, says so last, and never comes back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from services.intake.application.commands.expire_contacts import expire_contacts
from services.intake.domain.arrival import Accepted, Attachment, Outcome
from services.intake.entrypoints.jobs import (
    EXPIRY_SECONDS,
    STEP_SECONDS,
    delete_expired_contacts,
    delete_orphans,
    show_expiry,
)
from services.intake.entrypoints.smtp import SmtpServer
from shared.contracts.intake import ContactExpired, ContactReceived, MessageReceived
from shared.contracts.values import MessageKind
from shared.kernel.errors import Invalid, Unavailable
from shared.messaging.outbox.append import append
from shared.messaging.outbox.backlog import Limit
from shared.messaging.outbox.use_case import execute
from tests.conftest import OpenDatabase
from tests.integration.intake.place import KEPT, Intake
from tests.integration.intake.test_deliveries import a_request, request
from tests.integration.intake.test_smtp_server import a_mail, deliver, listening
from tests.support.clock import FakeClock
from tests.support.eventually import eventually
from tests.support.kafka import SOURCE
from tests.unit.intake.builders import an_arrival

LONG = KEPT.total_seconds()
ALL_OF_A_CONTACT = ("contact", "message", "attachment", "promise", "quarantine")
NOTHING_IS_OPEN = (
    "update message set state = 'sent', settled_at = written_at, next_attempt_at = null"
    " where state = 'queued'",
    "update promise set outcome = 'kept', settled_at = made_at where outcome is null",
)
CONTENT = b"a,b\n"
FILE = Attachment(
    name="a.csv", media_type="text/csv", content=CONTENT, digest=sha256(CONTENT).digest()
)
CHECK_IN = MessageKind.CHECK_IN


@pytest.fixture
async def server(intake: Intake) -> AsyncIterator[SmtpServer]:
    async with listening(intake.mail) as opened:
        yield opened


async def over(intake: Intake) -> None:
    """All that was promised and written so far is done with."""
    for statement in NOTHING_IS_OPEN:
        await intake.rows(statement)


async def a_contact(intake: Intake, **changes: Any) -> UUID:
    """One of Asha's, with nothing left to do."""
    receipt = await intake.stored(an_arrival(received_at=intake.clock.now(), **changes))
    await over(intake)
    return receipt.contact_id


def contact_of(outcome: Outcome) -> UUID:
    assert isinstance(outcome, Accepted)
    return outcome.receipt.contact_id


async def expire(intake: Intake, *, limit: int = 100) -> int:
    now = intake.clock.now()
    return await execute(intake.database, lambda tx: expire_contacts(tx, now, KEPT, limit))


async def counts(intake: Intake) -> list[int]:
    return [await intake.value(f"select count(*) from {table}") for table in ALL_OF_A_CONTACT]


async def test_it_goes_with_all_that_belongs_to_it_and_the_last_event_says_so(
    intake: Intake,
) -> None:
    arrival = an_arrival(attachments=(FILE,), received_at=intake.clock.now())
    contact_id = contact_of(await intake.submission.submit(arrival))
    await over(intake)
    await intake.rows(
        "insert into quarantine (quarantine_id, source, channel, reason, content, envelope,"
        " received_at, replayed_at, contact_id) values ($1, 'smtp', 'email', 'x', 'x', '{}', $2, $2, $3)",
        uuid4(),
        intake.clock.now(),
        contact_id,
    )
    assert await counts(intake) == [1, 2, 1, 1, 1]
    intake.clock.advance(LONG - 1)
    assert await delete_expired_contacts(intake.jobs(batch=1)) == EXPIRY_SECONDS
    assert await counts(intake) == [1, 2, 1, 1, 1]
    now = intake.clock.advance(1)
    assert await delete_expired_contacts(intake.jobs(batch=1)) == EXPIRY_SECONDS
    assert await counts(intake) == [0, 0, 0, 0, 0]
    assert await intake.value("select count(*) from customer") == 1
    about = [each for each in await intake.said() if each.subject == str(contact_id)]
    assert about[-1].data == ContactExpired(contact_id=contact_id, expired_at=now)
    assert [each.seq for each in about] == [1, 2]


async def test_its_files_are_swept_as_orphans(intake: Intake) -> None:
    await intake.submission.submit(an_arrival(attachments=(FILE,), received_at=intake.clock.now()))
    await over(intake)
    intake.clock.advance(timedelta(days=3_650).total_seconds())
    context = intake.jobs(batch=1)
    await delete_orphans(context)
    assert await stored_files(intake) == 1
    await delete_expired_contacts(context)
    while await delete_orphans(context) == STEP_SECONDS:
        pass
    await delete_orphans(context)
    assert await stored_files(intake) == 0


async def stored_files(intake: Intake) -> int:
    return sum([len(page) async for page in intake.store.pages()])


@pytest.mark.parametrize("closed", NOTHING_IS_OPEN)
async def test_it_stays_while_a_message_waits_or_a_promise_is_open(
    intake: Intake, closed: str
) -> None:
    await intake.stored(an_arrival(received_at=intake.clock.now()))
    await intake.rows(closed)
    intake.clock.advance(2 * LONG)
    assert await expire(intake) == 1
    assert await expire(intake) == 0
    await over(intake)
    intake.clock.advance(LONG)
    assert await expire(intake) == 1
    assert await intake.value("select count(*) from contact") == 0


@pytest.mark.parametrize(
    "happens",
    [
        "update message set settled_at = $1 where state = 'sent'",
        "update message set written_at = $1 where state is null",
        "update promise set settled_at = due_at, due_at = made_at + interval '90 days', made_at = $1",
    ],
)
async def test_what_was_written_sent_or_promised_later_keeps_it_for_as_long_again(
    intake: Intake, happens: str
) -> None:
    await a_contact(intake)
    later = intake.clock.advance(LONG - 1)
    await intake.rows(happens, later)
    intake.clock.advance(LONG - 1)
    assert await expire(intake) == 1
    assert await expire(intake) == 0
    assert await intake.value("select active_at from contact") >= later
    intake.clock.advance(60)
    assert await expire(intake) == 1
    assert await intake.value("select count(*) from contact") == 0


async def test_many_go_in_small_steps(intake: Intake) -> None:
    for number in range(5):
        await a_contact(intake, sender=an_arrival(f"{number}@example.org").sender)
    intake.clock.advance(LONG)
    assert [await expire(intake, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    expired = [each for each in await intake.said() if isinstance(each.data, ContactExpired)]
    assert len({each.subject for each in expired}) == len(expired) == 5


async def test_an_answer_to_an_old_mail_opens_a_new_contact(
    intake: Intake, server: SmtpServer
) -> None:
    await deliver(server, a_mail(Message_ID="<1@example.org>"))
    [old] = await intake.rows("select contact_id from contact")
    said_id = await intake.value("select message_id from message where state is not null")
    await over(intake)
    intake.clock.advance(LONG)
    await expire(intake)
    for named in ("<1@example.org>", f"<{said_id}@rapport.example>"):
        await deliver(server, a_mail("And now?", In_Reply_To=named, Message_ID=f"<{uuid4()}@a>"))
    contacts = await intake.rows("select contact_id, customer_id from contact")
    assert len({row["contact_id"] for row in contacts} - {old["contact_id"]}) == 2
    assert len({row["customer_id"] for row in contacts}) == 1
    assert MessageReceived not in {type(each.data) for each in await intake.said()}


async def test_the_same_mail_once_more_is_a_new_contact(intake: Intake) -> None:
    arrival = an_arrival(received_at=intake.clock.now())
    first = await intake.stored(arrival)
    await over(intake)
    intake.clock.advance(LONG)
    await expire(intake)
    assert (await intake.stored(arrival)).contact_id != first.contact_id


async def test_a_contact_that_is_written_to_at_this_moment_is_left_alone(intake: Intake) -> None:
    contact_id = await a_contact(intake, mail_id="<one@example.org>")
    intake.clock.advance(LONG)
    again = an_arrival(refers_to=("<one@example.org>",), received_at=intake.clock.now())
    async with intake.database.transaction() as tx:
        result = await intake.use_case(tx, [again], await intake.config.read(tx))
        await append(tx, SOURCE, result.events)
        assert await expire(intake) == 0
    assert await expire(intake) == 1
    assert [type(each) for each in await intake.said_of(contact_id)] == [
        ContactReceived,
        MessageReceived,
    ]


async def test_who_writes_while_it_expires_opens_a_new_contact(intake: Intake) -> None:
    old = await a_contact(intake, mail_id="<one@example.org>")
    now = intake.clock.advance(LONG)
    again = an_arrival(refers_to=("<one@example.org>",), received_at=now)
    async with intake.database.transaction() as tx:
        expiry = await expire_contacts(tx, now, KEPT, 100)
        writing = asyncio.create_task(intake.submission.submit(again))
        await eventually(lambda: waits_for_a_lock(intake))
        await append(tx, SOURCE, expiry.events)
    assert contact_of(await writing) != old
    assert isinstance((await intake.said_of(old))[-1], ContactExpired)


async def waits_for_a_lock(intake: Intake) -> None:
    assert await intake.value("select count(*) from pg_locks where not granted")


async def test_a_message_to_be_delivered_for_it_is_dropped_and_no_dead_letter(
    intake: Intake,
) -> None:
    contact_id = await a_contact(intake)
    intake.clock.advance(LONG)
    await expire(intake)
    published = len(await intake.said())
    assert await request(intake, a_request(contact_id), a_request(contact_id, CHECK_IN)) == []
    assert await counts(intake) == [0, 0, 0, 0, 0]
    assert len(await intake.said()) == published
    with pytest.raises(Invalid):
        await request(intake, a_request(uuid4()))


async def test_files_that_were_stored_under_it_meanwhile_open_no_contact_under_its_id(
    intake: Intake,
) -> None:
    old = await a_contact(intake, mail_id="<one@example.org>")
    now = intake.clock.advance(LONG)
    again = an_arrival(refers_to=("<one@example.org>",), attachments=(FILE,), received_at=now)
    placed = await intake.store_attachments(again)
    assert placed.contact_id == old
    await expire(intake)
    with pytest.raises(Unavailable):
        await intake.accept(placed)
    assert contact_of(await intake.submission.submit(again)) != old


async def test_nothing_expires_while_too_much_waits_to_be_published(
    open_database: OpenDatabase, clock: FakeClock
) -> None:
    intake = Intake(await open_database("intake"), clock, limit=Limit(1, 2**30))
    await intake.stored(an_arrival(received_at=clock.now()))
    await over(intake)
    clock.advance(LONG)
    await intake.backlog.measure()
    with pytest.raises(Unavailable):
        await delete_expired_contacts(intake.jobs(batch=1))
    assert await intake.value("select count(*) from contact") == 1


async def test_operators_see_how_long_nothing_has_happened_to_the_next_that_goes(
    intake: Intake,
) -> None:
    context, before = intake.jobs(batch=1), metric("deleted_rows_total")
    await a_contact(intake)
    intake.clock.advance(LONG + 60)
    await show_expiry(context)
    assert metric("oldest_seconds") == LONG + 60
    await delete_expired_contacts(context)
    await show_expiry(context)
    assert metric("oldest_seconds") == 0
    assert metric("deleted_rows_total") == before + 1


def metric(name: str) -> float:
    labels = {"table": "contact"}
    return REGISTRY.get_sample_value(f"rapport_retention_{name}", labels) or 0.0
