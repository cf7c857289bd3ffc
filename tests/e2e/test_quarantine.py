"""What cannot be taken is put aside with its bytes and the reason, and taken when that is mended."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.topics import INBOX, INTAKE
from shared.contracts.values import Channel
from shared.messaging.kafka import Message
from tests.e2e.story import Centre, Json
from tests.support.eventually import eventually
from tests.support.kafka import message, publish

OK, CONFLICT, INVALID, BROKEN = 200, 409, 422, 500


async def test_an_unreadable_event_is_put_aside_and_taken_once_its_publisher_mends_it(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    whole = submitted(centre, ada.address)
    torn = whole._replace(value=b'{"reference": "%b", "channel": ' % uuid4().hex.encode())
    await publish(centre.world.kafka, INBOX.name, torn)
    entry = await eventually(lambda: put_aside(centre, torn), within=30)
    assert entry["reason"].startswith("invalid: envelope:")
    assert await replayed(centre, entry) == INVALID
    await publish(centre.world.kafka, INBOX.name, whole)
    assert (await ana.contact(await ana.takes()))["messages"][0]["text"] == "It is broken."
    assert (await put_aside(centre, torn))["replayed_at"] is None


async def test_an_event_that_we_could_not_take_is_replayed_after_the_mending(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    event = submitted(centre, ada.address)
    centre.world.spoilt += 1
    with unstorable(centre):
        await publish(centre.world.kafka, INBOX.name, event)
        entry = await eventually(lambda: put_aside(centre, event), within=30)
        assert entry["reason"].startswith("unknown:")
        assert await replayed(centre, entry) == BROKEN
    assert await replayed(centre, entry) == OK
    contact_id = await ana.takes()
    assert (await put_aside(centre, event))["contact_id"] == contact_id
    assert await replayed(centre, entry) == CONFLICT
    await centre.acknowledgement_of(ada)
    await centre.counts("contacts", received=1)


@contextmanager
def unstorable(centre: Centre) -> Iterator[None]:
    """Inside the block intake's tables refuse the centre's contacts, as a wrong migration would."""
    psql = centre.world.platform.parts.postgres.psql
    wrong = f"check (topic <> '{centre.name}') not valid"
    psql(f"alter table contact add constraint wrong {wrong}", INTAKE)
    try:
        yield
    finally:
        psql("alter table contact drop constraint wrong", INTAKE)


def submitted(centre: Centre, address: str) -> Message:
    """A contact as another system publishes it; the same at every call with the same address."""
    personal = SubmittedPersonal(address=address, text="It is broken.")
    event = ContactSubmitted(
        reference=address,
        channel=Channel.API,
        topic=centre.name,
        language="en",
        personal=personal,
    )
    return message(event, source="example/shop")


async def put_aside(centre: Centre, record: Message) -> Json:
    """The entry of the quarantine that holds exactly what was sent."""
    listed = (await centre.intake.get("/v1/quarantine")).json()["items"]
    for entry in listed:
        shown = (await centre.intake.get(f"/v1/quarantine/{entry['quarantine_id']}")).json()
        if b64decode(shown["content_base64"]) == record.value:
            return dict(entry)
    raise AssertionError("it is not in quarantine")


async def replayed(centre: Centre, entry: Json) -> int:
    """The status of an attempt to read it again."""
    response = await centre.intake.post(f"/v1/quarantine/{entry['quarantine_id']}/replay")
    return response.status_code
