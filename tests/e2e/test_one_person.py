"""One person is one customer, however many first messages arrive at once and over whichever channel."""

import asyncio

from shared.contracts.intake import ContactReceived, CustomerIdentified
from tests.e2e.story import Centre
from tests.support.eventually import eventually
from tests.support.kafka import consumed_from

POSTED, MAILED = 150, 50


async def test_two_hundred_first_messages_of_one_new_person_make_one_customer(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ada = centre.customer("Ada of the two hundred")
    posts = [centre.is_posted(ada, f"Message {number}") for number in range(POSTED)]
    mails = [centre.is_mailed(ada, f"Mail {number}") for number in range(MAILED)]
    answers, _ = await asyncio.gather(asyncio.gather(*posts), asyncio.gather(*mails))
    customers = {answer["customer_id"] for answer in answers}
    assert len(customers) == 1
    published = await eventually(lambda: published_customers(centre), within=30)
    assert set(map(str, published)) == customers
    assert await introductions(centre, ada.name) == 1
    await centre.counts("contacts", received=POSTED + MAILED)


async def published_customers(centre: Centre) -> set[object]:
    """Whose contacts those of the centre are, once all of them are published."""
    events = [event.data for event in await consumed_from(centre.world.kafka, "rapport.contacts")]
    ours = [
        event
        for event in events
        if isinstance(event, ContactReceived) and event.topic == centre.name
    ]
    assert len(ours) == POSTED + MAILED, f"{len(ours)} contacts are published"
    return {event.customer_id for event in ours}


async def introductions(centre: Centre, name: str) -> int:
    """How often somebody of this name became known."""
    events = [event.data for event in await consumed_from(centre.world.kafka, "rapport.customers")]
    known = [event for event in events if isinstance(event, CustomerIdentified)]
    return len([event for event in known if event.personal.name == name])
