"""One trace from the server that a contact came in by to the last event about it."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from deploy.local.people.customers import contact_of
from shared.contracts.cloudevents import Incoming
from shared.contracts.event import Event, type_of
from shared.contracts.external import ContactSubmitted, SubmittedPersonal
from shared.contracts.followup import CheckInScheduled, CheckInSent
from shared.contracts.intake import ContactReceived, MessageSent
from shared.contracts.routing import AssignmentStarted, MessageRequested, ResolutionClaimed
from shared.contracts.trace_context import TraceContext
from shared.contracts.values import Channel
from shared.messaging.kafka import Message
from tests.e2e.story import Agent, Centre
from tests.support.eventually import eventually
from tests.support.kafka import binary, message, publish, structured

WHOLE_WAY: set[type[Event]] = {
    *(ContactReceived, MessageSent, AssignmentStarted, MessageRequested),
    *(ResolutionClaimed, CheckInScheduled, CheckInSent),
}


async def test_a_mail_begins_a_trace_that_followup_still_carries(centre: Centre) -> None:
    await centre.has_queue()
    ana = await centre.has_agent("ana")
    await centre.is_mailed(centre.customer())
    assert len(await traces_of(centre, ana)) == 1


async def test_the_trace_of_a_request_is_continued(centre: Centre) -> None:
    await centre.has_queue()
    ana, trace_id = await centre.has_agent("ana"), uuid4().hex
    contact = contact_of(centre.customer(), centre.words(), reference=str(uuid4()), channel="web")
    headers = {"traceparent": a_parent(trace_id)}
    (await centre.intake.post("/v1/contacts", json=contact, headers=headers)).raise_for_status()
    assert await traces_of(centre, ana) == {trace_id}


@pytest.mark.parametrize("mode", [structured, binary])
async def test_the_trace_of_an_event_is_continued(
    centre: Centre, mode: Callable[..., Message]
) -> None:
    await centre.has_queue()
    ana, trace_id, ada = await centre.has_agent("ana"), uuid4().hex, centre.customer()
    submitted = ContactSubmitted(
        reference=str(uuid4()),
        channel=Channel.API,
        topic=centre.name,
        personal=SubmittedPersonal(address=ada.address, text="The device is broken."),
    )
    record = mode(message(submitted, source="example/shop"), traceparent=a_parent(trace_id))
    await publish(centre.world.kafka, "rapport.inbox", record)
    assert await traces_of(centre, ana) == {trace_id}


async def traces_of(centre: Centre, agent: Agent) -> set[str]:
    """The traces of all events about the next contact, from its arrival to its check-in."""
    contact_id = await agent.takes()
    await agent.reply(contact_id, "We are on it.")
    await agent.solves(contact_id)

    async def went_the_whole_way() -> list[Incoming[Event]]:
        events = await centre.events_about(contact_id)
        missing = WHOLE_WAY - {type(event.data) for event in events}
        assert not missing, f"not published yet: {sorted(map(type_of, missing))}"
        return events

    return {trace_of(event.trace) for event in await eventually(went_the_whole_way, within=30)}


def trace_of(context: TraceContext | None) -> str:
    return context.parent.split("-")[1] if context else "no trace"


def a_parent(trace_id: str) -> str:
    """A traceparent of somebody who does not record the trace."""
    return f"00-{trace_id}-{uuid4().hex[:16]}-00"
