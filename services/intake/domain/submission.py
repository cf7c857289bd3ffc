"""A submitted contact, by event or by request: one shape, understood in one place."""

from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from services.intake.domain.arrival import Arrival
from services.intake.domain.channels import Channels
from services.intake.domain.opening import ORDINARY
from services.intake.domain.text import fit, line
from shared.contracts.cloudevents import Incoming
from shared.contracts.decision import Decision
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted
from shared.contracts.trace_context import TraceContext
from shared.kernel.errors import Invalid


def arrival_of(
    contact: ContactSubmitted,
    channels: Channels,
    *,
    key: UUID,
    digest: bytes,
    received_at: datetime,
    reads_response: bool = False,
    repeatable: bool = True,
    cause: Incoming[Event] | None = None,
    trace: TraceContext | None = None,
) -> Arrival:
    """The arrival in a submitted contact; raises `Invalid` where the address is none."""
    _check_codes(contact)
    personal = contact.personal
    return Arrival(
        key=key,
        digest=digest,
        channel=contact.channel,
        sender=channels.point_of(contact.channel, personal.address),
        received_at=received_at,
        text=fit(personal.text),
        subject=line(personal.subject),
        name=line(personal.name),
        topic=contact.topic,
        language=contact.language,
        time_zone=contact.time_zone,
        priority=contact.priority if contact.priority != ORDINARY else None,
        need=contact.need,
        reads_response=reads_response,
        repeatable=repeatable,
        cause=cause,
        trace=trace,
    )


class Scene(NamedTuple):
    """What a submitted event is read with."""

    channels: Channels
    received_at: datetime


def submitted(
    _: Arrival | None, event: Incoming[ContactSubmitted], scene: Scene
) -> Decision[Arrival | None]:
    """What the event is to us: an arrival. Raises `Invalid` where the address is none."""
    return Decision(arrival_of_event(event, scene.channels, scene.received_at))


def arrival_of_event(event: Incoming[Event], channels: Channels, received_at: datetime) -> Arrival:
    """The arrival in an event of the inbox; raises `Invalid`, also for any other event."""
    if not isinstance(event.data, ContactSubmitted):
        raise Invalid(f"{event.type} is not a submitted contact")
    return arrival_of(
        event.data,
        channels,
        key=event.id,
        digest=b"event",
        received_at=received_at,
        cause=event,
    )


def _check_codes(contact: ContactSubmitted) -> None:
    """The `$` of a contract's patterns lets a line end follow, where they are read by Python."""
    currency = contact.need.currency if contact.need else ""
    if "\n" in f"{contact.topic}{contact.language}{currency}":
        raise Invalid("a topic, language or currency ends with its last letter")


def digest_of(content: bytes) -> bytes:
    """What tells one content from another."""
    return sha256(content).digest()
