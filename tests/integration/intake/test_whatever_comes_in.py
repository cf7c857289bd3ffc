"""Events of other systems, as odd as their contract allows: taken or refused, never in the way."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted
from shared.contracts.record import Origin
from shared.contracts.values import AuthorityKind, Channel
from shared.kernel.errors import Invalid
from shared.messaging.outbox.append import append
from tests.integration.intake.place import Intake
from tests.support.kafka import SOURCE

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
ADDRESSES = st.one_of(
    st.emails(), st.from_regex(r"\+[0-9]{6,15}", fullmatch=True), st.just("@ada"), TEXT
)
ZONES = st.one_of(st.sampled_from(["Asia/Kolkata", "Mars/Olympus", "../../etc"]), TEXT)
NEEDS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(AuthorityKind),
        "amount": st.integers(-1, 2**64),
        "currency": st.from_regex(r"[A-Z]{3}\n?", fullmatch=True),
    }
)
PERSONAL = st.fixed_dictionaries(
    {"address": ADDRESSES, "text": TEXT}, optional={"name": TEXT, "subject": TEXT}
)
SUBMISSIONS = st.fixed_dictionaries(
    {"reference": TEXT, "channel": st.sampled_from(Channel), "personal": PERSONAL},
    optional={
        "topic": st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,63}\n?", fullmatch=True),
        "language": st.from_regex(r"[a-z]{2,3}\n?", fullmatch=True),
        "time_zone": ZONES,
        "priority": st.integers(0, 10),
        "need": NEEDS,
    },
)
MOMENTS = st.datetimes(timezones=st.just(UTC))
CONTACTS = "select count(*) from contact"


def incoming(event_id: UUID, submission: object, at: datetime) -> Incoming[Event] | None:
    """What the inbox hands over, unless the contract itself refuses it."""
    try:
        data = msgspec.json.decode(msgspec.json.encode(submission), type=ContactSubmitted)
    except msgspec.DecodeError:
        return None
    return Incoming(
        id=event_id,
        type="rapport.contact.submitted.v1",
        source="crm",
        subject=data.reference,
        time=at,
        data=data,
        origin=Origin("rapport.inbox", 0, 0),
    )


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(event_id=st.uuids(), submission=SUBMISSIONS, at=MOMENTS)
async def test_any_submission_is_taken_or_refused_for_a_reason(
    intake: Intake, event_id: UUID, submission: object, at: datetime
) -> None:
    event = incoming(event_id, submission, at)
    if event is None:
        return
    before = await intake.value(CONTACTS)
    try:
        async with intake.database.transaction() as tx:
            await append(tx, SOURCE, await intake.contacts(tx, [event]))
    except Invalid:
        assert await intake.value(CONTACTS) == before
    else:
        assert await intake.value(CONTACTS) in (before, before + 1)
