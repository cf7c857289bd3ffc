"""What we write to customers: once, threaded, tried again, and its outcome is published."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from structlog.testing import capture_logs

from deploy.local.people.mailboxes import Mailboxes
from services.intake.adapters.channels.email.outbound import EmailChannel
from services.intake.application.delivery import Delivery, DeliveryJob
from services.intake.domain.delivery import RetryPolicy
from services.intake.entrypoints.jobs import break_promises
from services.intake.settings import MailSettings
from shared.contracts.cloudevents import Incoming
from shared.contracts.intake import (
    ContactReceived,
    MessageFailed,
    MessageSent,
    PromiseOutcome,
    PromiseSettled,
)
from shared.contracts.record import Origin
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.values import Channel, MessageKind
from shared.kernel.errors import Invalid
from shared.kernel.ids import new_id
from tests.integration.intake.place import Intake
from tests.support.eventually import eventually
from tests.support.kafka import running
from tests.unit.intake.builders import NOON, a_queue, an_arrival

RETRY = RetryPolicy(first=timedelta(seconds=10), longest=timedelta(minutes=10), attempts=3)
LEASE = timedelta(minutes=5)
BROKEN = "select count(*) from promise where outcome = 'broken'"


class Provider(Mailboxes):
    """A mail provider that answers as it is set, and remembers return paths."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = "250 OK"
        self.return_paths: list[str | None] = []
        self.most_at_once = self._now = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library names it
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0.01)
        self._now -= 1
        self.return_paths.append(envelope.mail_from)
        if not self.answer.startswith("250"):
            return self.answer
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    started = Provider()
    await started.start()
    yield started
    await started.stop()


def a_delivery(intake: Intake, port: int = 9) -> Delivery:
    email = EmailChannel(MailSettings(host="127.0.0.1", port=port, timeout_seconds=5), intake.clock)
    return Delivery(intake.database, {Channel.EMAIL: email}, RETRY, intake.clock, LEASE)


def a_job(intake: Intake, provider: Provider, max_in_flight: int = 4) -> DeliveryJob:
    delivery = a_delivery(intake, provider.port)
    return DeliveryJob(delivery, max_in_flight=max_in_flight, max_leased=16, poll=0.05)


def a_request(
    contact_id: UUID, kind: MessageKind = MessageKind.REPLY, **changes: Any
) -> Incoming[Any]:
    usual: dict[str, Any] = {
        "contact_id": contact_id,
        "message_id": new_id(),
        "kind": kind,
        "requested_at": NOON,
        "personal": MessagePersonal(text="Here is your refund. ధన్యవాదాలు 🙂", subject=""),
    }
    data = MessageRequested(**(usual | changes))
    return Incoming(
        id=uuid4(),
        type="rapport.message.requested.v1",
        source="rapport/routing",
        subject=str(contact_id),
        time=NOON,
        data=data,
        origin=Origin("rapport.deliveries", 0, 1),
    )


async def request(intake: Intake, *requests: Incoming[Any]) -> list[Any]:
    async with intake.database.transaction() as tx:
        return [each.data for each in await intake.deliveries(tx, requests)]


async def states(intake: Intake) -> list[tuple[str, str]]:
    rows = await intake.rows(
        "select kind, state from message where state is not null order by 1, 2"
    )
    return [(row[0], row[1]) for row in rows]


async def test_the_acknowledgement_reaches_the_customer_marked_as_automatic(
    intake: Intake, provider: Provider
) -> None:
    arrival = an_arrival(mail_id="<1@example.org>", language="de")
    receipt = await intake.stored(arrival)
    async with running(a_job(intake, provider)):
        mail = await provider.wait_for("asha@example.org", lambda _: True)
        await eventually(lambda: _all_sent(intake))
    assert receipt.promise
    assert mail.text.replace("\r\n", "\n").strip() == receipt.promise.text
    assert mail.subject == "Re: Parcel"
    assert mail.headers["auto-submitted"] == "auto-replied"
    assert mail.headers["in-reply-to"] == mail.headers["references"] == "<1@example.org>"
    assert mail.headers["content-language"] == "de"
    assert provider.return_paths == ["<>"]
    [sent] = [e for e in await intake.said_of(receipt.contact_id) if isinstance(e, MessageSent)]
    assert mail.message_id == f"<{sent.message_id}@rapport.example>"


async def test_a_reply_is_sent_as_a_person_writes_and_settles_the_promise(
    intake: Intake, provider: Provider
) -> None:
    receipt = await intake.stored(an_arrival())
    asked = a_request(receipt.contact_id)
    await request(intake, asked)
    await request(intake, asked)
    async with running(a_job(intake, provider)):
        reply = await provider.wait_for("asha@example.org", lambda m: "refund" in m.text)
        await eventually(lambda: _all_sent(intake))
    assert "auto-submitted" not in reply.headers
    assert "ధన్యవాదాలు 🙂" in reply.text
    assert "help@rapport.example" in provider.return_paths
    assert len(provider.mails["asha@example.org"]) == 2
    [settled] = [
        e for e in await intake.said_of(receipt.contact_id) if isinstance(e, PromiseSettled)
    ]
    assert settled.outcome is PromiseOutcome.BEATEN


async def _all_sent(intake: Intake) -> bool:
    return {state for _, state in await states(intake)} == {"sent"}


async def test_a_refused_mail_has_failed_and_that_is_published(
    intake: Intake, provider: Provider
) -> None:
    receipt = await intake.stored(an_arrival())
    provider.answer = "550 no such mailbox"
    async with running(a_job(intake, provider)):
        await eventually(lambda: _state_is(intake, "failed"))
    [failed] = [e for e in await intake.said_of(receipt.contact_id) if isinstance(e, MessageFailed)]
    assert failed.reason == "refused by the mail server: 550"


async def _state_is(intake: Intake, state: str) -> bool:
    return {each for _, each in await states(intake)} == {state}


async def test_a_mail_that_is_deferred_is_tried_again_until_the_limit(
    intake: Intake, provider: Provider
) -> None:
    await intake.stored(an_arrival())
    provider.answer = "451 later"
    async with running(a_job(intake, provider)):
        for attempt in (1, 2):
            await eventually(lambda done=attempt: _deferred(intake, done))  # type: ignore[misc]  # a default binds it
            assert await states(intake) == [("acknowledgement", "queued")]
            intake.clock.advance(600)
        await eventually(lambda: _state_is(intake, "failed"))
    reason = await intake.value("select reason from message where state = 'failed'")
    assert reason == "put off by the mail server: 451"
    assert len(provider.return_paths) == 3


async def _deferred(intake: Intake, attempts: int) -> bool:
    """All that wait have been tried so often, and wait for their next try."""
    sql = "select bool_and(attempts = $1 and next_attempt_at < $2) from message where state = 'queued'"
    return bool(await intake.value(sql, attempts, intake.clock.now() + LEASE))


async def test_a_deferred_mail_arrives_in_the_end_and_once(
    intake: Intake, provider: Provider
) -> None:
    await intake.stored(an_arrival())
    provider.answer = "451 later"
    async with running(a_job(intake, provider)):
        await eventually(lambda: _deferred(intake, 1))
        provider.answer = "250 OK"
        intake.clock.advance(600)
        await eventually(lambda: _all_sent(intake))
    assert len(provider.mails["asha@example.org"]) == 1


async def test_an_address_beyond_ascii_is_written_to(intake: Intake, provider: Provider) -> None:
    await intake.stored(an_arrival("grüße@bücher.example"))
    async with running(a_job(intake, provider)):
        await eventually(lambda: _all_sent(intake))
    assert list(provider.mails) == ["grüße@xn--bcher-kva.example"]


async def test_while_the_provider_is_away_nothing_is_lost_and_the_log_says_it_once(
    intake: Intake,
) -> None:
    away = Provider()
    await away.start()
    await away.stop()
    await intake.accept(*(an_arrival(f"c{number}@example.org") for number in range(5)))
    with capture_logs() as lines:
        async with running(a_job(intake, away)):
            await eventually(lambda: _deferred(intake, 1))
            await away.start()
            intake.clock.advance(600)
            await eventually(lambda: _all_sent(intake))
    said = [(line["event"], line["of"]) for line in lines if "outage" in line["event"]]
    assert said == [("an outage begins", "email"), ("an outage is over", "email")]
    await away.stop()


async def test_two_jobs_send_each_mail_once_and_only_so_many_at_a_time(
    intake: Intake, provider: Provider
) -> None:
    await intake.accept(*(an_arrival(f"c{number}@example.org") for number in range(60)))
    jobs = [a_job(intake, provider, max_in_flight=3) for _ in range(2)]
    async with running(*jobs):
        await eventually(lambda: _all_sent(intake), within=20)
    assert sorted(len(mails) for mails in provider.mails.values()) == [1] * 60
    assert 1 < provider.most_at_once <= 6


async def test_what_a_vanished_process_had_leased_is_sent_when_its_lease_ends(
    intake: Intake, provider: Provider
) -> None:
    await intake.stored(an_arrival())
    [leased] = await a_delivery(intake).lease(10)
    other = a_delivery(intake)
    assert await other.lease(10) == []
    intake.clock.advance(LEASE.total_seconds())
    [again] = await other.lease(10)
    assert (again.message_id, again.attempts) == (leased.message_id, 2)


async def test_who_lost_the_lease_settles_nothing(intake: Intake, provider: Provider) -> None:
    receipt = await intake.stored(an_arrival())
    late, owner = (a_delivery(intake, provider.port) for _ in range(2))
    [lost] = await late.lease(10)
    intake.clock.advance(LEASE.total_seconds())
    [ours] = await owner.lease(10)
    provider.answer = "550 no such mailbox"
    await late.deliver(lost)
    assert await states(intake) == [("acknowledgement", "queued")]
    provider.answer = "250 OK"
    await owner.deliver(ours)
    assert await states(intake) == [("acknowledgement", "sent")]
    assert [type(e) for e in await intake.said_of(receipt.contact_id)] == [
        ContactReceived,
        MessageSent,
    ]
    await late.close()
    await owner.close()


async def test_a_customer_whom_nothing_reaches_makes_the_message_fail_at_once(
    intake: Intake,
) -> None:
    receipt = await intake.stored(an_arrival("+919812345678", Channel.PHONE))
    asked = a_request(receipt.contact_id)
    [failed] = await request(intake, asked)
    assert isinstance(failed, MessageFailed)
    assert failed.reason == "no outbound channel for phone"
    assert await request(intake, asked) == []


async def test_a_message_for_no_contact_is_invalid(intake: Intake) -> None:
    with pytest.raises(Invalid, match="no such contact"):
        await request(intake, a_request(uuid4()))


async def test_a_promise_breaks_when_its_time_is_over_and_only_once(intake: Intake) -> None:
    await intake.know(a_queue("general", "*", service_target_seconds=120))
    receipts = [await intake.stored(an_arrival(f"c{n}@example.org")) for n in range(3)]
    scene = intake.jobs(batch=2)
    assert [await break_promises(scene) for _ in range(2)] == [1, 1]
    assert await intake.value(BROKEN) == 0
    intake.clock.advance(121)
    assert [await break_promises(scene) for _ in range(3)] == [0, 1, 1]
    assert await intake.value(BROKEN) == 3
    for receipt in receipts:
        events = await intake.said_of(receipt.contact_id)
        [settled] = [event for event in events if isinstance(event, PromiseSettled)]
        assert settled.outcome is PromiseOutcome.BROKEN


async def test_a_reply_after_the_time_does_not_settle_it_again(
    intake: Intake, provider: Provider
) -> None:
    receipt = await intake.stored(an_arrival())
    intake.clock.advance(5 * 3_600)
    await break_promises(intake.jobs(batch=9))
    assert await intake.value(BROKEN) == 1
    await request(intake, a_request(receipt.contact_id))
    async with running(a_job(intake, provider)):
        await eventually(lambda: _all_sent(intake))
    events = [e for e in await intake.said_of(receipt.contact_id) if isinstance(e, PromiseSettled)]
    assert [each.outcome for each in events] == [PromiseOutcome.BROKEN]
