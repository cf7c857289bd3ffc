"""Everything that can go wrong around a person, each with marked words in it."""

import asyncio
import json
from uuid import uuid4

import aiosmtplib
import httpx2

from deploy.local.people.customers import answer_check_in, contact_of
from deploy.local.ports import LOOPBACK
from shared.contracts import topics
from shared.contracts.routing import MessagePersonal, MessageRequested
from shared.contracts.values import MessageKind
from shared.kernel.clock import SystemClock
from shared.messaging.kafka import Message
from tests.e2e.story import Agent, Centre, euros
from tests.support.eventually import eventually
from tests.support.kafka import binary, message, publish
from tests.telemetry.journeys import brought, submitted
from tests.telemetry.post import LATER, REFUSED
from tests.telemetry.seeds import LATIN, PHONE, TELUGU, marked, somebody

CURSED = "cursed"
CURSE = """
create function curse() returns trigger language plpgsql as $$ begin
  if to_jsonb(new)::text like '%cursed%' then
    raise exception 'not this: %', new using detail = new::text, hint = new::text;
  end if;
  return new;
end $$;
create trigger curse before insert or update on {table} for each row execute function curse()
"""
"""An error of the database that quotes what it was given, as real ones do."""
CURSED_TABLES = {"intake": "message", "routing": "help_step", "followup": "check_in"}


async def all_of_them(centre: Centre) -> None:
    """Each once, in an order that lets every one of them have its effect."""
    await centre.has_queue()
    await wrong_requests(centre)
    await wrong_tokens(centre)
    await wrong_lines(centre)
    await wrong_mails(centre)
    await wrong_events(centre)
    await everybody_at_once(centre)
    await undeliverable(centre)
    await wrong_work(centre)


async def wrong_requests(centre: Centre) -> None:
    """Bodies, paths, queries and keys that are refused."""
    good = contact_of(somebody(TELUGU, TELUGU), centre.words(), reference=PHONE, channel="web")
    bodies = [
        good | {"channel": marked("channel")},
        good | {"language": LATIN, "time_zone": marked("zone")},
        good | {"personal": {"address": marked("address"), "text": 7, LATIN: marked("field")}},
        good | {"need": {"kind": marked("kind"), "amount": PHONE}},
        good | {"personal": good["personal"] | {"text": marked(CURSED)}},
    ]
    for body in [*map(json.dumps, bodies), marked("no JSON"), '{"reference": "' + marked("torn")]:
        await _post(centre.intake, body.encode())
    await _post(centre.intake, marked("latin").encode("utf-16"))
    for response in (
        centre.intake.get(f"/v1/contacts/{marked('id')}", params={"of": marked("query")}),
        centre.intake.get(f"/v1/{LATIN}"),
        centre.intake.put("/v1/topic-rules", json={"rules": [{"topic": marked("topic")}]}),
        centre.routing.put("/v1/agents/x", json={"name": marked("name"), "skills": LATIN}),
        centre.followup.get(f"/v1/check-ins/{LATIN}", headers={"accept": "text/html"}),
        centre.analytics.get("/v1/figures", params={"from": LATIN, "queue": marked("queue")}),
    ):
        assert 400 <= (await response).status_code < 500


async def _post(intake: httpx2.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json", "Idempotency-Key": str(uuid4())}
    response = await intake.post("/v1/contacts", content=body, headers=headers)
    assert 400 <= response.status_code <= 500, response.text


async def wrong_tokens(centre: Centre) -> None:
    """Tokens that are none, and callers who may not."""
    mint = centre.world.platform.issuer.mint
    tokens = [LATIN, f"{LATIN}.{LATIN}.{LATIN}", mint(f"{LATIN}@{LATIN}.example", ["desk"])]
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        response = await centre.intake.get("/v1/tally", headers=headers)
        assert response.status_code in (401, 403)
    nobody = Agent(centre.world.where.api["routing"], LATIN, mint(LATIN, ["desk"]))
    async with nobody:
        await _is_refused(nobody.presence("ready"))


async def wrong_lines(centre: Centre) -> None:
    """What is not even HTTP or SMTP."""
    http = int(centre.world.where.api["intake"].rsplit(":", 1)[1])
    await _speak(http, [f"GET /{LATIN} {marked('version')}\r\n\r\n", ""])
    smtp = [f"EHLO {LATIN}", marked("command"), f"MAIL FROM:<{marked('from')}>", f"VRFY {LATIN}"]
    await _speak(centre.world.where.smtp[1], [f"{line}\r\n" for line in [*smtp, "QUIT"]])


async def _speak(port: int, lines: list[str]) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for line in lines:
        writer.write(line.encode())
        await writer.drain()
    await asyncio.wait_for(reader.read(), 10)
    writer.close()


async def wrong_mails(centre: Centre) -> None:
    """Not for us; not readable; readable and not storable."""
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(150)
    )
    mails = {
        f"{LATIN}@elsewhere.example": b"Subject: not for us\r\n\r\n",
        centre.address: f"From: {marked('from')}\r\nSubject: {LATIN}\r\n".encode() + nested,
        f"x.{centre.address}": f"From: {LATIN}@x.example\r\n\r\n{marked(CURSED)}".encode(),
    }
    port = centre.world.where.smtp[1]
    for recipient, content in mails.items():
        async with aiosmtplib.SMTP(hostname=LOOPBACK, port=port, start_tls=False) as smtp:
            await smtp.mail(f"{LATIN}@{LATIN}.example")
            if (await _status(smtp.rcpt(recipient))) == 250:
                await smtp.data(content)


async def _status(asked: object) -> int:
    try:
        return int((await asked).code)  # type: ignore[misc]
    except aiosmtplib.SMTPRecipientRefused as refused:
        return refused.code


async def wrong_events(centre: Centre) -> None:
    """Unreadable, unknown, unstorable; on the topic of publishers and on our own."""
    structured = submitted(centre, somebody("wrong"))
    good = binary(structured)
    value = json.loads(good.value or b"")
    wrong = [
        good._replace(value=marked("no JSON").encode()),
        good._replace(value=json.dumps(value | {"channel": marked("channel")}).encode()),
        good._replace(value=json.dumps(value | {"personal": {LATIN: marked("x")}}).encode()),
        good._replace(value=marked("UTF").encode("utf-16")),
        binary(structured, type=f"rapport.{LATIN}.v9"),
        submitted(centre, somebody(CURSED), marked(CURSED)),
    ]
    await publish(centre.world.kafka, topics.INBOX.name, *wrong)
    for topic, name in (
        (topics.CONTACTS, "contact.received"),
        (topics.DELIVERIES, "message.requested"),
    ):
        traced = binary(structured, type=f"rapport.{name}.v1", traceparent=brought("d4" * 16))
        torn = Message(b"0", marked("torn").encode(), traced.headers)
        await publish(centre.world.kafka, topic.name, torn)
    lost = MessageRequested(
        contact_id=uuid4(),
        message_id=uuid4(),
        kind=MessageKind.REPLY,
        requested_at=SystemClock().now(),
        personal=MessagePersonal(text=marked("to nobody"), subject=marked("subject")),
    )
    await publish(centre.world.kafka, topics.DELIVERIES.name, message(lost))


async def undeliverable(centre: Centre) -> None:
    """Acknowledgements to whom the provider refuses or defers; and what they promise is broken."""
    for how in (REFUSED, LATER):
        contact = await centre.is_posted(somebody(how), marked(how), topic="nobodys")
        due = f"update promise set due_at = now() where contact_id = '{contact['contact_id']}'"
        centre.world.platform.parts.postgres.psql(due, "intake")


async def everybody_at_once(centre: Centre) -> None:
    """One new person, twenty first messages: the database refuses a second person."""
    ada = somebody("eager")
    await asyncio.gather(*(centre.is_posted(ada) for _ in range(20)))


async def wrong_work(centre: Centre) -> None:
    """An agent is refused what is marked, declines with a reason, and then is not there."""
    ben = await centre.has_agent("ben")
    contact_id = await ben.takes()
    await _is_refused(ben.help_step(contact_id, marked("step"), marked("evidence")))
    await _is_refused(ben.help_step(contact_id, "hear", marked(CURSED)))
    await _is_refused(ben.action(contact_id, euros(20)))
    await _is_refused(ben.reply(contact_id, ""))
    await ben.solves(contact_id)
    link = await centre.link_for(somebody("eager"))
    assert await answer_check_in(link, solved=True, comment=marked(CURSED)) == 500
    assert await answer_check_in(link + LATIN, solved=True, comment=marked("forged")) == 404
    declined = await ben.is_offered()
    await centre.has_queue(offers_last=3)  # from the next offer on, which nobody answers
    await ben.decline(declined["offer_id"], marked("reason"))
    missed = await ben.is_offered()

    async def expired() -> bool:
        return missed["offer_id"] not in {
            offer["offer_id"] for offer in (await ben.desk())["offers"]
        }

    await eventually(expired, within=20)


async def _is_refused(attempt: object) -> None:
    try:
        await attempt  # type: ignore[misc]
    except httpx2.HTTPStatusError:
        return
    raise AssertionError("it was not refused")
