"""Words that would be commands elsewhere go all the way and stay words."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from deploy.local.people.customers import Customer, Words, answer_check_in, contact_of
from services.intake.domain.text import line
from shared.contracts.topics import INBOX
from shared.messaging.kafka import Message
from tests.e2e.post import reply
from tests.e2e.story import Centre
from tests.security.words import AWKWARD, PLAIN
from tests.support.kafka import publish

SUBJECT = f"{PLAIN['encoded word']} {PLAIN['sql']} {PLAIN['four bytes']} {PLAIN['right to left']}"
TEXT = "\n".join(each for name, each in AWKWARD.items() if name != "controls")
NAME = f"{PLAIN['homograph']} {PLAIN['template'][:60]}"
Write = Callable[[Centre, Customer, Words], Awaitable[object]]


async def by_form(centre: Centre, customer: Customer, words: Words) -> None:
    contact = contact_of(customer, words, reference=str(uuid4()), channel="web")
    (await centre.intake.post("/v1/contacts", json=contact)).raise_for_status()


async def by_event(centre: Centre, customer: Customer, words: Words) -> None:
    contact = contact_of(customer, words, reference=str(uuid4()), channel="api")
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_source": "example/shop",
        "ce_type": "rapport.contact.submitted.v1",
        "content-type": "application/json",
    }
    listed = [(name, value.encode()) for name, value in headers.items()]
    record = Message(customer.address.encode(), json.dumps(contact).encode(), listed)
    await publish(centre.world.kafka, INBOX.name, record)


@pytest.mark.parametrize("write", [by_form, by_event])
async def test_awkward_words_go_there_and_back_and_stay_as_they_are(
    centre: Centre, write: Write
) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer(NAME)
    words = replace(centre.words(TEXT), subject=SUBJECT)
    await write(centre, ada, words)
    contact_id = await ana.takes()
    seen = await ana.contact(contact_id)
    assert seen["messages"][0]["text"] == TEXT
    assert (seen["messages"][0]["subject"], seen["name"]) == (line(SUBJECT), line(NAME))
    await ana.reply(contact_id, TEXT)
    answer = await centre.mail_to(ada, reply)
    assert answer.subject == line(f"Re: {SUBJECT}")
    assert answer.text.split() == TEXT.split()
    assert not {"bcc", "cc"} & set(answer.headers)
    await ana.solves(contact_id)
    link = await centre.link_for(ada)
    assert await answer_check_in(link, solved=True, csat=5, comment=TEXT) == 200
    await ana.sees(contact_id, state="closed")
    await centre.counts("contacts", received=1)
