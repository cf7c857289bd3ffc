"""A contact on each way in, from its first word to its figure; everything in it is marked."""

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.utils import formataddr

import aiosmtplib

from deploy.local.people.customers import Customer, Words, answer_check_in, contact_of
from deploy.local.ports import LOOPBACK
from shared.contracts.cloudevents import Outgoing
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.topics import INBOX
from shared.contracts.values import Channel
from shared.kernel.ids import stable_id
from shared.messaging.kafka import Message
from tests.e2e.story import Agent, Centre, euros
from tests.e2e.world import SILENCE
from tests.support.kafka import binary, message, publish
from tests.telemetry.seeds import ARABIC, CYRILLIC, HAN, TELUGU, marked, somebody

SMTP, HTTP, KAFKA, KAFKA_ALONE = "SMTP", "HTTP", "Kafka", "Kafka without a trace"
OUTSIDE = "c3" * 8
"""The span of whoever brings a trace along; no collector of ours has it."""
BROUGHT = {HTTP: "a1" * 16, KAFKA: "b2" * 16}

Enter = Callable[[Centre, Customer], Awaitable[None]]


class MarkedCentre(Centre):
    """A centre whose customers' words are marked."""

    def words(self, text: str = "") -> Words:
        return Words(topic=self.name, subject=marked("subject"), text=text or marked("text"))


async def on_every_entry(centre: Centre) -> dict[str, str]:
    """The contacts' ids by entry: SMTP, HTTP or Kafka. Each contact enters twice."""
    await centre.has_queue()
    ana = await centre.has_agent("ana", "en", "te", "mn", refunds=50)
    screen = asyncio.create_task(_look_at(ana))
    entries: dict[str, tuple[Enter, Customer]] = {
        SMTP: (by_mail, somebody("mail", TELUGU, "te")),
        HTTP: (by_request, somebody(CYRILLIC, CYRILLIC, "mn")),
        KAFKA: (by_event, somebody("event", ARABIC)),
        KAFKA_ALONE: (by_event_alone, somebody("alone", HAN)),
    }
    contacts = {}
    for name, (enter, customer) in entries.items():
        await enter(centre, customer)
        contacts[name] = await _worked_on(centre, ana, customer)
        await enter(centre, customer)
    await screen
    await centre.counts("resolutions", confirmed=len(entries))
    return contacts


async def by_mail(centre: Centre, customer: Customer) -> None:
    """A mail; the same at every call."""
    words = centre.words()
    mail = EmailMessage()
    mail["From"] = formataddr((customer.name, customer.address))
    mail["To"] = centre.address
    mail["Subject"] = words.subject
    mail["Message-ID"] = f"<1.{customer.address}>"
    mail.set_content(words.text)
    mail.add_attachment(words.text.encode(), "text", "csv", filename=f"{customer.name}.csv")
    mail.set_boundary("0")
    port = centre.world.where.smtp[1]
    await aiosmtplib.send(mail, hostname=LOOPBACK, port=port, start_tls=False)


async def by_request(centre: Centre, customer: Customer) -> None:
    """A request that continues a trace; the same at every call."""
    contact = contact_of(customer, centre.words(), reference="1", channel="web")
    headers = {"traceparent": brought(BROUGHT[HTTP]), "Idempotency-Key": centre.name}
    (await centre.intake.post("/v1/contacts", json=contact, headers=headers)).raise_for_status()


async def by_event(centre: Centre, customer: Customer) -> None:
    """An event that continues a trace; the same at every call."""
    traced = binary(submitted(centre, customer), traceparent=brought(BROUGHT[KAFKA]))
    await publish(centre.world.kafka, INBOX.name, traced)


async def by_event_alone(centre: Centre, customer: Customer) -> None:
    """An event whose publisher knows nothing of traces; the same at every call."""
    await publish(centre.world.kafka, INBOX.name, submitted(centre, customer))


def brought(trace_id: str) -> str:
    """The trace as its publisher hands it on."""
    return f"00-{trace_id}-{OUTSIDE}-01"


def submitted(centre: Centre, customer: Customer, text: str = "") -> Message:
    """A contact as another system publishes it; it has the same id at every call."""
    words = centre.words(text)
    personal = SubmittedPersonal(
        address=customer.address, name=customer.name, subject=words.subject, text=words.text
    )
    event = ContactSubmitted(
        reference=centre.name, channel=Channel.API, topic=centre.name, personal=personal
    )
    outgoing = Outgoing(event, id=stable_id(centre.name, customer.address))
    return message(outgoing, source=f"example/{centre.name}")


async def until_unrefuted(centre: Centre) -> None:
    """A claim that the customer does not answer, until that is counted."""
    await centre.has_queue(SILENCE)
    eve = await centre.has_agent("eve")
    await centre.is_posted(somebody("silent"))
    await eve.solves(await eve.takes())
    await centre.counts("resolutions", SILENCE, unrefuted=1)


async def _look_at(agent: Agent) -> None:
    """The desk, as it is shown."""
    async with agent.states() as states:
        await anext(states)


async def _worked_on(centre: Centre, ana: Agent, customer: Customer) -> str:
    """The agent does all an agent can do; the customer says that it is solved."""
    contact_id = await ana.takes()
    await ana.help_step(contact_id, "hear", marked("evidence"))
    await ana.action(contact_id, euros(20))
    await ana.reply(contact_id, marked("reply"))
    await ana.solves(contact_id)
    link = await centre.link_for(customer)
    assert await answer_check_in(link, solved=True, csat=5, comment=marked("comment")) == 200
    return contact_id
