"""Rows to what they mean, and back."""

from typing import Any, TypeAlias

import asyncpg
import msgspec

from services.followup.domain.check_ins.model import (
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
from shared.contracts.followup import SkippedReason
from shared.database.rows import as_row, from_row

Row: TypeAlias = asyncpg.Record


def to_contact(row: Row, check_ins: tuple[CheckIn, ...] = ()) -> Contact:
    received = None if row["customer_id"] is None else from_row(row, Received)
    return Contact(contact_id=row["contact_id"], received=received, check_ins=check_ins)


def from_contact(contact: Contact) -> dict[str, Any]:
    received = contact.received
    if received is None:
        return {"contact_id": contact.contact_id}
    trace = received.trace and msgspec.to_builtins(received.trace)
    return {"contact_id": contact.contact_id, **as_row(received), "trace": trace}


def to_check_in(row: Row) -> CheckIn:
    return CheckIn(from_row(row, Claim), _to_state(row), from_row(row, Aftermath))


def from_check_in(check_in: CheckIn) -> dict[str, Any]:
    return {
        "check_in_id": check_in.check_in_id,
        **as_row(check_in.claim),
        **as_row(check_in.aftermath),
        **_from_state(check_in.state),
    }


def state_name(state: State) -> str:
    """The state in one word, as the database and the api name it."""
    match state:
        case Settled():
            return state.outcome
        case StillOpen():
            return Outcome.REFUTED
        case _:
            return type(state).__name__.lower()


def _to_state(row: Row) -> State:
    match row["state"]:
        case "refuted" if row["still_open"]:
            return StillOpen(was=_to_open(row), settled_at=row["settled_at"])
        case "confirmed" | "refuted" | "unrefuted":
            sent = from_row(row, Sent)
            return Settled(sent=sent, settled_at=row["settled_at"], answer=_to_answer(row))
        case "skipped":
            reason = SkippedReason(row["skipped_reason"])
            return Skipped(was=_to_open(row), reason=reason, skipped_at=row["skipped_at"])
    return _to_open(row)


def _to_open(row: Row) -> Open:
    if row["sent_at"] is not None:
        return from_row(row, Sent)
    return Waiting() if row["due_at"] is None else Scheduled(row["due_at"])


def _to_answer(row: Row) -> Answer | None:
    if row["comment"] is None:
        return None
    return Answer(solved=row["state"] == "confirmed", csat=row["csat"], comment=row["comment"])


def _from_state(state: State) -> dict[str, Any]:
    named: dict[str, Any] = {"state": state_name(state)}
    match state:
        case Waiting():
            return named
        case Scheduled() | Sent():
            return as_row(state) | named
        case Settled(sent=sent, answer=answer):
            given = {"csat": answer.csat, "comment": answer.comment} if answer else {}
            return as_row(sent) | given | named | {"settled_at": state.settled_at}
        case StillOpen():
            return _from_state(state.was) | named | {"settled_at": state.settled_at}
        case Skipped():
            ended = {"skipped_at": state.skipped_at, "skipped_reason": state.reason}
            return _from_state(state.was) | named | ended
