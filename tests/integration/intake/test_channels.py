"""A channel other than mail: contacts that came over it are answered there, by the same job."""

from datetime import timedelta

import asyncpg
import pytest

from services.intake.adapters.channels.registry import registered
from services.intake.application.delivery import Delivery, DeliveryJob
from services.intake.domain.channels import Channels
from services.intake.domain.delivery import Refused, RetryPolicy
from shared.contracts.intake import MessageFailed, MessageSent, PromiseOutcome, PromiseSettled
from shared.contracts.values import Channel, MessageKind
from shared.kernel.clock import SystemClock
from tests.conftest import OpenDatabase
from tests.integration.intake.place import Intake
from tests.integration.intake.test_deliveries import a_request, request
from tests.support.clock import FakeClock
from tests.support.eventually import eventually
from tests.support.kafka import running
from tests.unit.intake.builders import SETTINGS, SmsGateway, an_arrival

NUMBER = "+919812345678"
RETRY = RetryPolicy(first=timedelta(seconds=1), longest=timedelta(minutes=1), attempts=2)
LEASE = timedelta(minutes=5)
ROUTES = """
select m.kind, m.channel, p.kind, p.address from message m
left join contact_point p using (contact_point_id)
where m.state is not null order by m.written_at, m.kind
"""


@pytest.fixture
def gateway() -> SmsGateway:
    return SmsGateway()


@pytest.fixture
async def intake(open_database: OpenDatabase, clock: FakeClock, gateway: SmsGateway) -> Intake:
    """Intake that can answer by text message, too."""
    ports = registered(SETTINGS, SystemClock()) | {Channel.SMS: gateway}
    return Intake(await open_database("intake"), clock, channels=Channels(ports))


def a_job(intake: Intake, gateway: SmsGateway) -> DeliveryJob:
    delivery = Delivery(intake.database, {Channel.SMS: gateway}, RETRY, intake.clock, LEASE)
    return DeliveryJob(delivery, max_in_flight=4, max_leased=16, poll=0.05)


async def routes(intake: Intake) -> list[tuple[str | None, ...]]:
    return [tuple(row) for row in await intake.rows(ROUTES)]


async def test_acknowledgement_and_reply_go_where_the_customer_wrote(
    intake: Intake, gateway: SmsGateway
) -> None:
    receipt = await intake.stored(an_arrival(NUMBER, Channel.SMS))
    assert await request(intake, a_request(receipt.contact_id)) == []
    assert await routes(intake) == [
        ("acknowledgement", "sms", "phone", NUMBER),
        ("reply", "sms", "phone", NUMBER),
    ]
    async with running(a_job(intake, gateway)):
        await eventually(lambda: len(gateway.delivered) == 2)
        await eventually(lambda: _settled(intake))
    assert {each.kind for each in gateway.delivered} == {
        MessageKind.ACKNOWLEDGEMENT,
        MessageKind.REPLY,
    }
    assert {(each.channel, each.address) for each in gateway.delivered} == {(Channel.SMS, NUMBER)}
    events = await intake.said_of(receipt.contact_id)
    assert [type(each) for each in events].count(MessageSent) == 2
    [settled] = [each for each in events if isinstance(each, PromiseSettled)]
    assert settled.outcome is PromiseOutcome.BEATEN


async def _settled(intake: Intake) -> bool:
    return not await intake.value("select count(*) from message where state = 'queued'")


async def test_what_the_channel_refuses_has_failed(intake: Intake, gateway: SmsGateway) -> None:
    gateway.outcome = Refused("no such number")
    receipt = await intake.stored(an_arrival(NUMBER, Channel.SMS))
    async with running(a_job(intake, gateway)):
        await eventually(lambda: _settled(intake))
    [failed] = [e for e in await intake.said_of(receipt.contact_id) if isinstance(e, MessageFailed)]
    assert failed.reason == "no such number"


async def test_a_form_with_a_mail_address_is_answered_by_mail(intake: Intake) -> None:
    await intake.stored(an_arrival("asha@example.org", Channel.WEB))
    assert await routes(intake) == [("acknowledgement", "email", "email", "asha@example.org")]


async def test_whom_nothing_reaches_has_neither_channel_nor_contact_point(intake: Intake) -> None:
    await intake.stored(an_arrival("@asha", Channel.TELEGRAM))
    assert await routes(intake) == [("acknowledgement", None, None, None)]


async def test_an_arrival_keeps_the_channel_and_the_contact_point_it_came_from(
    intake: Intake,
) -> None:
    await intake.stored(an_arrival(NUMBER, Channel.SMS))
    sql = """
    select m.channel, p.address from message m join contact_point p using (contact_point_id)
    where m.arrival_key is not null
    """
    assert [tuple(row) for row in await intake.rows(sql)] == [("sms", NUMBER)]


async def test_the_schema_refuses_a_message_that_waits_for_no_channel(intake: Intake) -> None:
    await intake.stored(an_arrival(NUMBER, Channel.SMS))
    with pytest.raises(asyncpg.CheckViolationError, match="reachable"):
        await intake.rows(
            "update message set channel = null, contact_point_id = null where state = 'queued'"
        )
