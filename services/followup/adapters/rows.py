"""Rows to what they mean, and back."""

from typing import Any, TypeAlias

import asyncpg
import msgspec

from services.followup.domain.model import (
    Aftermath,
    Answer,
    CheckIn,
    Claim,
    Contact,
    Open,
    Outcome,
    Received,
    Scheduled,
    Sent,
    Settled,
    Skipped,
    State,
    StillOpen,
    Waiting,
)
from shared.contracts.cloudevents import TraceContext
from shared.contracts.followup import SkippedReason
from shared.contracts.values import Channel

Row: TypeAlias = asyncpg.Record

CONTACT = {
    "contact_id": "uuid",
    "customer_id": "uuid",
    "channel": "text",
    "language": "text",
    "time_zone": "text",
    "value_tier": "text",
    "automatic": "boolean",
    "trace": "jsonb",
}
CHECK_IN = {
    "check_in_id": "uuid",
    "resolution_id": "uuid",
    "contact_id": "uuid",
    "agent_id": "text",
    "queue_id": "text",
    "number": "integer",
    "claimed_at": "timestamptz",
    "state": "text",
    "due_at": "timestamptz",
    "message_id": "uuid",
    "sent_at": "timestamptz",
    "closes_at": "timestamptz",
    "settled_at": "timestamptz",
    "csat": "integer",
    "comment": "text",
    "skipped_at": "timestamptz",
    "skipped_reason": "text",
    "word_owed": "boolean",
    "nothing_new_at": "timestamptz",
    "still_open": "boolean",
    "reopened": "boolean",
}

AFTERMATH = ("word_owed", "nothing_new_at", "still_open", "reopened")


def to_contact(row: Row, check_ins: tuple[CheckIn, ...]) -> Contact:
    return Contact(
        contact_id=row["contact_id"],
        received=None if row["customer_id"] is None else _to_received(row),
        check_ins=check_ins,
    )


def from_contact(contact: Contact) -> dict[str, Any]:
    facts: dict[str, Any] = {"contact_id": contact.contact_id}
    received = contact.received
    if received is None:
        return facts
    return facts | {
        "customer_id": received.customer_id,
        "channel": received.channel,
        "language": received.language,
        "time_zone": received.time_zone,
        "value_tier": received.value_tier,
        "automatic": received.automatic,
        "trace": received.trace and msgspec.to_builtins(received.trace),
    }


def to_check_in(row: Row) -> CheckIn:
    claim = Claim(
        resolution_id=row["resolution_id"],
        contact_id=row["contact_id"],
        agent_id=row["agent_id"],
        queue_id=row["queue_id"],
        number=row["number"],
        claimed_at=row["claimed_at"],
    )
    aftermath = Aftermath(**{name: row[name] for name in AFTERMATH})
    return CheckIn(claim, _to_state(row), aftermath)


def from_check_in(check_in: CheckIn) -> dict[str, Any]:
    claim, aftermath = check_in.claim, check_in.aftermath
    return {
        "check_in_id": check_in.check_in_id,
        "resolution_id": claim.resolution_id,
        "contact_id": claim.contact_id,
        "agent_id": claim.agent_id,
        "queue_id": claim.queue_id,
        "number": claim.number,
        "claimed_at": claim.claimed_at,
        **{name: getattr(aftermath, name) for name in AFTERMATH},
        **_from_state(check_in.state),
    }


def name_of(state: State) -> str:
    """The state in one word, as the database and the api say it."""
    match state:
        case Settled():
            return state.outcome
        case StillOpen():
            return Outcome.REFUTED
        case _:
            return type(state).__name__.lower()


def _to_received(row: Row) -> Received:
    return Received(
        customer_id=row["customer_id"],
        channel=Channel(row["channel"]),
        language=row["language"],
        time_zone=row["time_zone"],
        value_tier=row["value_tier"],
        automatic=row["automatic"],
        trace=msgspec.convert(row["trace"], TraceContext | None),
    )


def _to_state(row: Row) -> State:
    match row["state"]:
        case "refuted" if row["still_open"]:
            return StillOpen(was=_to_open(row), settled_at=row["settled_at"])
        case "confirmed" | "refuted" | "unrefuted":
            return Settled(sent=_to_sent(row), settled_at=row["settled_at"], answer=_to_answer(row))
        case "skipped":
            reason = SkippedReason(row["skipped_reason"])
            return Skipped(was=_to_open(row), reason=reason, skipped_at=row["skipped_at"])
    return _to_open(row)


def _to_open(row: Row) -> Open:
    if row["sent_at"] is not None:
        return _to_sent(row)
    return Waiting() if row["due_at"] is None else Scheduled(row["due_at"])


def _to_sent(row: Row) -> Sent:
    return Sent(
        due_at=row["due_at"],
        message_id=row["message_id"],
        sent_at=row["sent_at"],
        closes_at=row["closes_at"],
    )


def _to_answer(row: Row) -> Answer | None:
    if row["comment"] is None:
        return None
    return Answer(solved=row["state"] == "confirmed", csat=row["csat"], comment=row["comment"])


def _from_state(state: State) -> dict[str, Any]:
    facts: dict[str, Any] = {"state": name_of(state)}
    match state:
        case Waiting():
            return facts
        case Scheduled():
            return facts | {"due_at": state.due_at}
        case Sent():
            return facts | _from_sent(state)
        case Settled(sent=sent, answer=answer):
            said = {"csat": answer.csat, "comment": answer.comment} if answer else {}
            return facts | _from_sent(sent) | said | {"settled_at": state.settled_at}
        case StillOpen():
            return _from_state(state.was) | facts | {"settled_at": state.settled_at}
        case Skipped():
            ended = {"skipped_at": state.skipped_at, "skipped_reason": state.reason}
            return _from_state(state.was) | facts | ended


def _from_sent(sent: Sent) -> dict[str, Any]:
    return {
        "due_at": sent.due_at,
        "message_id": sent.message_id,
        "sent_at": sent.sent_at,
        "closes_at": sent.closes_at,
    }
