"""What was written, noted, done and claimed on a contact."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.adapters.rows import Upsert
from shared.contracts.followup import ResolutionConfirmed, ResolutionRefuted, ResolutionUnrefuted
from shared.contracts.intake import (
    ContactReceived,
    CustomerIdentified,
    MessageFailed,
    MessageReceived,
    MessageSent,
)
from shared.contracts.routing import (
    ActionTaken,
    HelpStepRecorded,
    MessageRequested,
    ResolutionClaimed,
)
from shared.database.database import Tx
from shared.kernel.ids import new_id

_MESSAGE = {
    "message_id": "uuid",
    "contact_id": "uuid",
    "inbound": "bool",
    "kind": "text",
    "agent_id": "text",
    "name": "text",
    "subject": "text",
    "body": "text",
    "written_at": "timestamptz",
    "state": "text",
}
_write = Upsert("message", _MESSAGE, new_only=True)
DELIVERED = """
insert into message (message_id, contact_id, inbound, kind, name, subject, written_at, state, reason)
select id, contact_id, false, kind, '', '', at, state, reason
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
  as t (id, contact_id, kind, at, state, reason)
on conflict (message_id) do update set state = excluded.state, reason = excluded.reason
  where message.state = 'requested'
"""
IDENTIFIED = """
insert into customer (customer_id, name, language, time_zone, value_tier, seq)
select distinct on (customer_id) * from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
  as t (customer_id, name, language, time_zone, value_tier, seq)
order by customer_id, seq desc
on conflict (customer_id) do update set name = excluded.name, language = excluded.language,
  time_zone = excluded.time_zone, value_tier = excluded.value_tier, seq = excluded.seq
  where customer.seq < excluded.seq
"""
STEP = """
insert into help_step (step_id, contact_id, agent_id, step, evidence, recorded_at)
values ($1, $2, $3, $4, $5, $6)
"""
NOTE = """
insert into note (note_id, contact_id, agent_id, body, written_at) values ($1, $2, $3, $4, $5)
"""
ACTION = """
insert into action
  (action_id, contact_id, agent_id, kind, amount, currency, action_limit, taken_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
CLAIM = """
insert into resolution
  (resolution_id, contact_id, agent_id, queue_id, outcome, number, claimed_at)
values ($1, $2, $3, $4, $5, $6, $7)
"""
SETTLE = """
update resolution r set settled = t.settled, settled_at = t.at
from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as t (id, settled, at)
where r.resolution_id = t.id and r.settled is null
"""
SETTLED = {
    ResolutionConfirmed: "confirmed",
    ResolutionRefuted: "refuted",
    ResolutionUnrefuted: "unrefuted",
}

Settlement = ResolutionConfirmed | ResolutionRefuted | ResolutionUnrefuted


async def write(tx: Tx, written: Iterable[ContactReceived | MessageReceived]) -> None:
    """Keep what customers wrote; a message that is known stays as it is."""
    await _write.run(tx, [_inbound(event) for event in written])


async def request(tx: Tx, event: MessageRequested) -> None:
    """Keep what an agent wrote."""
    said = event.personal
    row = {
        "message_id": event.message_id,
        "contact_id": event.contact_id,
        "inbound": False,
        "kind": event.kind,
        "agent_id": event.agent_id,
        "name": "",
        "subject": said.subject,
        "body": said.text,
        "written_at": event.requested_at,
        "state": "requested",
    }
    await _write.run(tx, [row])


async def deliver(tx: Tx, states: Sequence[MessageSent | MessageFailed]) -> None:
    """Note what became of messages to customers; the first word is the last."""
    if not states:
        return
    rows = {event.message_id: _delivery(event) for event in reversed(states)}
    await tx.execute(DELIVERED, *map(list, zip(*rows.values(), strict=True)))


async def identify(tx: Tx, heard: Sequence[tuple[CustomerIdentified, int]]) -> None:
    """Keep who customers are, each with the number of the change: the highest stays."""
    rows = [
        (c.customer_id, c.personal.name, c.language, c.time_zone, c.value_tier, seq)
        for c, seq in heard
    ]
    if rows:
        await tx.execute(IDENTIFIED, *map(list, zip(*rows, strict=True)))


async def step(tx: Tx, event: HelpStepRecorded) -> UUID:
    """Keep a step of HELP; its id."""
    step_id, said = new_id(), event.personal.evidence
    await tx.execute(
        STEP, step_id, event.contact_id, event.agent_id, event.step, said, event.recorded_at
    )
    return step_id


async def note(tx: Tx, contact_id: UUID, agent_id: str, body: str, now: datetime) -> None:
    """Keep what one agent tells the next; an empty note is none."""
    if body:
        await tx.execute(NOTE, new_id(), contact_id, agent_id, body, now)


async def act(tx: Tx, event: ActionTaken) -> None:
    """Write an action into the ledger."""
    who = (event.action_id, event.contact_id, event.agent_id)
    what = (event.kind, event.amount, event.currency, event.limit)
    await tx.execute(ACTION, *who, *what, event.taken_at)


async def claim(tx: Tx, event: ResolutionClaimed) -> None:
    """Keep a claimed resolution."""
    who = (event.resolution_id, event.contact_id, event.agent_id, event.queue_id)
    await tx.execute(CLAIM, *who, event.outcome, event.number, event.claimed_at)


async def settle(tx: Tx, events: Sequence[Settlement]) -> None:
    """Note what became of claimed resolutions; the first word is the last."""
    rows = {
        e.resolution_id: (e.resolution_id, SETTLED[type(e)], e.settled_at) for e in events[::-1]
    }
    if rows:
        await tx.execute(SETTLE, *map(list, zip(*rows.values(), strict=True)))


def _inbound(event: ContactReceived | MessageReceived) -> dict[str, Any]:
    said = event.personal
    return {
        "message_id": event.message_id,
        "contact_id": event.contact_id,
        "inbound": True,
        "kind": None,
        "agent_id": None,
        "name": said.name,
        "subject": said.subject,
        "body": said.text,
        "written_at": event.received_at,
        "state": "received",
    }


def _delivery(event: MessageSent | MessageFailed) -> tuple[Any, ...]:
    head = (event.message_id, event.contact_id, event.kind)
    if isinstance(event, MessageSent):
        return (*head, event.sent_at, "sent", None)
    return (*head, event.failed_at, "failed", event.reason)
