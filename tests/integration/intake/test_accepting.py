"""What is accepted is stored whole, said once and counted, however many come at once."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.intake.domain.arrival import Accepted, Deduplicated, KeyReused
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
    MessageReceived,
    MessageSent,
    PromiseBasis,
)
from shared.contracts.routing import QueueTopic
from shared.contracts.values import AuthorityKind, Channel, Need
from shared.kernel.errors import Cancelled
from tests.conftest import MakeDsn
from tests.integration.intake.place import Intake
from tests.support.clock import FakeClock
from tests.support.database import open_at
from tests.unit.intake.builders import NOON, a_forecast, a_queue, an_arrival


async def test_a_contact_is_stored_with_its_promise_and_acknowledgement(intake: Intake) -> None:
    await intake.know(a_queue("delivery", "*", forecast=a_forecast(301)))
    receipt = await intake.stored(an_arrival())
    assert receipt.promise is not None
    assert receipt.promise.due_at == NOON + timedelta(minutes=6)
    assert receipt.promise.basis is PromiseBasis.FORECAST
    [promise] = await intake.rows("select * from promise")
    assert (promise["promise_id"], promise["outcome"]) == (receipt.promise.promise_id, None)
    [said] = await intake.rows("select * from message where state is not null")
    assert (said["kind"], said["state"]) == ("acknowledgement", "queued")
    assert said["text"] == receipt.promise.text
    assert "12:06" in said["text"]
    identified, received = await intake.said()
    assert isinstance(identified.data, CustomerIdentified)
    assert isinstance(received.data, ContactReceived)
    assert received.data.promise
    assert received.data.promise.promise_id == receipt.promise.promise_id
    assert received.data.queue_id == "delivery"
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}


SLOW = """
create function slow() returns trigger language plpgsql as $$
begin perform pg_sleep(60); return new; end $$;
create trigger slow before insert on message for each row when (new.text = 'huge')
  execute function slow()
"""


async def test_one_arrival_that_takes_too_long_refuses_none_of_its_neighbours(
    postgres_dsn: MakeDsn, clock: FakeClock
) -> None:
    database = await open_at(await postgres_dsn("intake"), statement_timeout_ms=500)
    async with database.connection() as tx:
        await tx.execute(SLOW)
    submit = Intake(database, clock).submission.submit
    arrivals = [an_arrival(f"{number}@example.org", text="small") for number in range(7)]
    arrivals.insert(3, an_arrival("8@example.org", text="huge"))
    outcomes = await asyncio.gather(*map(submit, arrivals), return_exceptions=True)
    assert isinstance(outcomes.pop(3), Cancelled)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    await database.close()


async def test_200_first_messages_of_one_person_at_once_make_one_customer(intake: Intake) -> None:
    async def first(number: int) -> None:
        await intake.accept(
            an_arrival("Asha.Rao@Example.ORG" if number % 2 else "asha.rao@example.org")
        )

    await asyncio.gather(*map(first, range(200)))
    assert await intake.value("select count(*) from customer") == 1
    assert await intake.value("select count(*) from contact_point") == 1
    assert await intake.value("select count(distinct customer_id) from contact") == 1
    events = Counter(type(each.data) for each in await intake.said())
    assert events == {CustomerIdentified: 1, ContactReceived: 200}
    assert await intake.accounts() == {"email": (200, 200, 0, 0)}


async def test_sets_that_share_new_people_in_any_order_do_not_block_each_other(
    intake: Intake,
) -> None:
    people = [f"p{number}@example.org" for number in range(20)]

    async def a_set(turn: int) -> None:
        ordered = people if turn % 2 else people[::-1]
        await intake.accept(*map(an_arrival, ordered))

    await asyncio.gather(*map(a_set, range(8)))
    assert await intake.value("select count(*) from customer") == 20
    assert await intake.value("select count(*) from contact") == 160


async def test_the_same_arrival_again_gets_the_first_receipt(intake: Intake) -> None:
    arrival = an_arrival()
    first = await intake.stored(arrival)
    [again] = await intake.accept(arrival)
    assert again == Deduplicated(first)
    assert await intake.accounts() == {"email": (2, 1, 0, 1)}
    assert await intake.value("select count(*) from message where arrival_key is not null") == 1


async def test_the_same_arrival_twice_in_one_set_is_seen(intake: Intake) -> None:
    arrival = an_arrival()
    first, again = await intake.accept(arrival, arrival)
    assert isinstance(first, Accepted)
    assert again == Deduplicated(first.receipt)


async def test_another_content_under_the_same_key_is_refused_and_not_counted(
    intake: Intake,
) -> None:
    arrival = an_arrival()
    await intake.stored(arrival)
    other = an_arrival("other@example.org", key=arrival.key, digest=b"other")
    assert await intake.accept(other) == [KeyReused()]
    assert await intake.accounts() == {"email": (1, 1, 0, 0)}
    assert await intake.value("select count(*) from customer") == 1


async def test_twins_in_two_transactions_end_as_one(intake: Intake) -> None:
    arrival = an_arrival()
    outcomes = await asyncio.gather(*(intake.submission.submit(arrival) for _ in range(50)))
    receipts = {outcome.receipt for outcome in outcomes if not isinstance(outcome, KeyReused)}
    assert len(receipts) == 1
    assert await intake.accounts() == {"email": (50, 1, 0, 49)}


async def test_colliding_transactions_of_two_processes_end_as_one(intake: Intake) -> None:
    other = Intake(intake.database, intake.clock)
    arrivals = [an_arrival(f"c{number}@example.org") for number in range(30)]
    await asyncio.gather(
        *(process.submission.submit(each) for each in arrivals for process in (intake, other))
    )
    assert await intake.accounts() == {"email": (60, 30, 0, 30)}
    assert await intake.value("select count(*) from contact") == 30


async def test_a_person_whom_no_machine_is_to_answer_has_a_promise_and_no_acknowledgement(
    intake: Intake,
) -> None:
    receipt = await intake.stored(an_arrival(for_people_only=True))
    assert receipt.promise is not None
    assert await intake.value("select count(*) from message where state = 'queued'") == 0
    said = await intake.said_of(receipt.contact_id)
    [failed] = [each for each in said if isinstance(each, MessageFailed)]
    assert failed.reason == "no machine is to answer it"


async def test_automatic_mail_is_stored_and_never_acknowledged(intake: Intake) -> None:
    receipt = await intake.stored(an_arrival(automatic=True))
    assert receipt.promise is None
    assert await intake.value("select count(*) from promise") == 0
    assert await intake.value("select count(*) from message where state is not null") == 0
    [received] = await intake.said_of(receipt.contact_id)
    assert isinstance(received, ContactReceived)
    assert (received.automatic, received.promise) == (True, None)


async def test_a_person_who_writes_where_a_machine_began_is_promised_an_answer(
    intake: Intake,
) -> None:
    notice = await intake.stored(an_arrival(automatic=True, mail_id="<one@example.org>"))
    another = an_arrival(automatic=True, refers_to=("<one@example.org>",))
    assert (await intake.stored(another)).contact_id == notice.contact_id
    written = an_arrival(refers_to=("<one@example.org>",), mail_id="<two@example.org>")
    begun = await intake.stored(written)
    assert begun.contact_id != notice.contact_id
    assert begun.promise is not None
    again = an_arrival(refers_to=("<two@example.org>", "<one@example.org>"))
    assert (await intake.stored(again)).contact_id == begun.contact_id


async def test_need_and_priority_come_from_the_queue_unless_stated(intake: Intake) -> None:
    rule = Need(kind=AuthorityKind.REFUND, amount=2_000, currency="EUR")
    stated = Need(kind=AuthorityKind.CREDIT, amount=100, currency="EUR")
    await intake.know(a_queue("billing", QueueTopic(topic="billing", need=rule, priority=2)))
    by_rule = await intake.stored(an_arrival(topic="billing"))
    by_publisher = await intake.stored(an_arrival(topic="billing", need=stated, priority=7))
    events = [(await intake.said_of(each.contact_id))[0] for each in (by_rule, by_publisher)]
    assert [(each.need, each.priority) for each in events if isinstance(each, ContactReceived)] == [
        (rule, 2),
        (stated, 7),
    ]


async def test_a_phone_number_has_no_way_out_unless_the_response_is_read(intake: Intake) -> None:
    unread = await intake.stored(an_arrival("+91 98123 45678", Channel.SMS))
    read = await intake.stored(an_arrival("+49 151 2345678", Channel.SMS, reads_response=True))
    [failed] = [e for e in await intake.said_of(unread.contact_id) if isinstance(e, MessageFailed)]
    assert failed.reason == "no outbound channel for phone"
    assert [type(e) for e in await intake.said_of(read.contact_id)] == [
        ContactReceived,
        MessageSent,
    ]


async def test_a_reply_joins_the_contact_of_its_own_customer_only(intake: Intake) -> None:
    first = await intake.stored(an_arrival(mail_id="<one@example.org>"))
    said_id = await intake.value("select message_id from message where state is not null")
    ours = f"<{said_id}@rapport.example>"
    by_ours = await intake.stored(an_arrival(refers_to=(ours,), mail_id="<two@example.org>"))
    by_theirs = await intake.stored(an_arrival(refers_to=("<nowhere@x>", "<one@example.org>")))
    stranger = await intake.stored(an_arrival("mallory@example.org", refers_to=(ours,)))
    assert by_ours.contact_id == by_theirs.contact_id == first.contact_id
    assert stranger.contact_id != first.contact_id
    assert by_ours.promise is None
    events = [type(event) for event in await intake.said_of(first.contact_id)]
    assert events == [ContactReceived, MessageReceived, MessageReceived]


async def test_nothing_is_kept_when_the_transaction_fails(intake: Intake) -> None:
    async def broken() -> None:
        async with intake.database.transaction() as tx:
            await intake.use_case(tx, [an_arrival()], await intake.config.read(tx))
            await tx.execute("select 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await broken()
    for table in ("customer", "contact", "message", "promise", "outbox", "tally"):
        assert await intake.value(f"select count(*) from {table}") == 0


async def test_the_schema_refuses_a_message_that_is_neither_in_nor_out(intake: Intake) -> None:
    receipt = await intake.stored(an_arrival())
    with pytest.raises(asyncpg.CheckViolationError):
        await intake.rows(
            "insert into message (message_id, contact_id, written_at, subject, text, automatic)"
            " values ($1, $2, now(), '', '', false)",
            uuid4(),
            receipt.contact_id,
        )


async def test_the_schema_refuses_a_contact_from_another_customers_address(intake: Intake) -> None:
    one = await intake.stored(an_arrival())
    other = await intake.stored(an_arrival("else@example.org"))
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await intake.rows(
            "update contact set customer_id = $1 where contact_id = $2",
            other.customer_id,
            one.contact_id,
        )
