"""A submitted contact, by event or by request: one shape, understood in one place."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from services.intake.domain.address import point_of
from services.intake.domain.arrival import Arrival
from services.intake.domain.opening import ORDINARY
from services.intake.domain.text import fit, line
from shared.contracts.cloudevents import Incoming, TraceContext
from shared.contracts.event import Event
from shared.contracts.external import ContactSubmitted
from shared.kernel.errors import Invalid


def arrival_of(
    submitted: ContactSubmitted,
    *,
    key: UUID,
    digest: bytes,
    received_at: datetime,
    heard: bool = False,
    repeatable: bool = True,
    cause: Incoming[Event] | None = None,
    trace: TraceContext | None = None,
) -> Arrival:
    """The arrival in a submitted contact; raises `Invalid` where the address is none."""
    _check_codes(submitted)
    personal = submitted.personal
    return Arrival(
        key=key,
        digest=digest,
        channel=submitted.channel,
        sender=point_of(submitted.channel, personal.address),
        received_at=received_at,
        text=fit(personal.text),
        subject=line(personal.subject),
        name=line(personal.name),
        topic=submitted.topic,
        language=submitted.language,
        time_zone=submitted.time_zone,
        priority=submitted.priority if submitted.priority != ORDINARY else None,
        need=submitted.need,
        heard=heard,
        repeatable=repeatable,
        cause=cause,
        trace=trace,
    )


def _check_codes(submitted: ContactSubmitted) -> None:
    """The `$` of a contract's patterns lets a line end follow, where they are read by Python."""
    currency = submitted.need.currency if submitted.need else ""
    if "\n" in f"{submitted.topic}{submitted.language}{currency}":
        raise Invalid("a topic, language or currency ends with its last letter")


def digest_of(content: bytes) -> bytes:
    """What tells one content from another."""
    return sha256(content).digest()
