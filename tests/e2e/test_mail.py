"""What people and machines do with mail: answer it, send it on holiday, bounce it."""

from email.message import EmailMessage

import aiosmtplib

from deploy.local.people.customers import Customer
from shared.contracts.intake import ContactReceived
from tests.e2e.post import acknowledgement, reply
from tests.e2e.story import Centre
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from


async def test_a_customers_answer_by_mail_joins_the_contact(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_mailed(ada)
    contact_id = await ana.takes()
    await ana.reply(contact_id, "Which of the two invoices is right?")
    question = await centre.mail_to(ada, reply)
    await centre.is_mailed(ada, "The first one is right.", answering=question)

    async def joined() -> None:
        messages = (await ana.contact(contact_id))["messages"]
        written = [message["text"].strip() for message in messages if message["inbound"]]
        assert written[1:] == ["The first one is right."]

    await eventually(joined, within=30)
    seen = await centre.contact(contact_id)
    states = [message["state"] for message in seen["messages"] if message["kind"] == "reply"]
    assert states == ["sent"]
    await centre.counts("contacts", received=1)


async def test_a_customer_who_writes_about_resolved_work_is_read_again_without_precedence(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_mailed(ada)
    acknowledged = await centre.acknowledgement_of(ada)
    contact_id = await ana.takes()
    await ana.solves(contact_id)
    await centre.is_mailed(ada, "It happened again.", answering=acknowledged)
    offer = await ana.is_offered()
    assert (offer["contact_id"], offer["contact"]["precedence"]) == (contact_id, False)
    assert offer["contact"]["wrote_again"]


async def test_nobody_joins_a_contact_of_somebody_else(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada, eve = await centre.has_agent("ana"), centre.customer(), centre.customer("Eve")
    await centre.is_mailed(ada)
    acknowledged = await centre.acknowledgement_of(ada)
    contact_id = await ana.takes()
    await centre.is_mailed(eve, "Send the refund to me.", answering=acknowledged)
    assert await ana.takes() != contact_id
    assert len((await centre.contact(contact_id))["messages"]) == 2


async def test_automatic_mail_is_stored_and_never_acknowledged(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    away = a_mail(ada, centre.address, "I am on holiday.")
    away["Auto-Submitted"] = "auto-replied"
    await send(centre, away, ada.address)
    await send(centre, a_mail(ada, centre.address, "Your mail could not be delivered."), "")
    await centre.is_mailed(ada, "I wrote this one myself.")
    await centre.acknowledgement_of(ada)
    contact_id = await ana.takes()
    assert (await ana.contact(contact_id))["messages"][0]["text"].startswith("I wrote this one")
    await centre.counts("contacts", received=1)
    assert await eventually(lambda: automatic_contacts(centre), within=10) == [True, True, False]
    assert (await ana.desk())["offers"] == []
    assert list(map(acknowledgement, centre.post.mails_to(ada.address))) == [True]


async def automatic_contacts(centre: Centre) -> list[bool]:
    """Of the centre's contacts, in the order of their arrival, which no person wrote."""
    events = [event.data for event in await consumed_from(centre.world.kafka, "rapport.contacts")]
    ours = [
        event
        for event in events
        if isinstance(event, ContactReceived) and event.topic == centre.name
    ]
    assert len(ours) == 3, f"{len(ours)} contacts are published"
    assert [event.promise is None for event in ours] == [event.automatic for event in ours]
    return [event.automatic for event in sorted(ours, key=lambda event: event.received_at)]


def a_mail(customer: Customer, to: str, text: str) -> EmailMessage:
    """A mail as the customer's machine would send it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = customer.address, to, "Re: Charged twice"
    mail.set_content(text)
    return mail


async def send(centre: Centre, mail: EmailMessage, return_path: str) -> None:
    """Hand a mail over; an empty return path is that of a bounce."""
    host, port = centre.world.where.smtp
    async with aiosmtplib.SMTP(hostname=host, port=port, start_tls=False) as smtp:
        await smtp.sendmail(return_path, str(mail["To"]), mail.as_bytes())
