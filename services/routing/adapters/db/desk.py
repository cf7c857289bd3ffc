"""What an agent may see: their desk, and the whole history of a contact that was theirs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.routing.adapters.db.contacts import need_of
from shared.database.database import Tx

Json = dict[str, Any]

PRESENCE = "select presence from agent where agent_id = $1"
HELD = """
select o.offer_id, o.contact_id, o.state, o.queue_id, o.made_at, o.expires_at, o.accepted_at,
  o.wrap_up_ends_at, o.need_kind, o.need_amount, o.need_currency, c.channel, c.topic, c.language,
  c.priority, c.received_at, c.promise_due_at, c.precedence, c.claims,
  c.returns_to is not null as wrote_again,
  coalesce(nullif(person.name, ''), first.name, '') as name, coalesce(first.subject, '') as subject,
  written.messages, written.newest_at
from offer o join contact c using (contact_id)
left join customer person using (customer_id)
left join lateral (
  select name, subject from message m where m.contact_id = c.contact_id and inbound
  order by written_at, message_id limit 1
) first on true
cross join lateral (
  select count(*) as messages, max(written_at) as newest_at from message m
  where m.contact_id = c.contact_id and inbound
) written
where o.agent_id = $1 and o.slot is not null
order by o.made_at, o.offer_id
"""
CONTACT = """
select c.*, c.returns_to is not null as wrote_again, coalesce(person.name, '') as name, person.time_zone
from contact c left join customer person using (customer_id)
where contact_id = $1 and exists (
  select from offer o where o.contact_id = c.contact_id and o.agent_id = $2
    and (o.accepted_at is not null or o.state = 'open')
)
"""
# The newest of those before one of them, which is where the page before began.
MESSAGES = """
select message_id, inbound, kind, agent_id, name, subject, body as text, written_at, state, reason
from message where contact_id = $1 and ($2::uuid is null or (written_at, message_id) < (
  select written_at, message_id from message where message_id = $2 and contact_id = $1
)) order by written_at desc, message_id desc limit $3
"""
PARTS = {
    "offers": """
select offer_id, agent_id, queue_id, state, made_at, expires_at, accepted_at, resolved_at, ended_at
from offer where contact_id = $1 order by made_at, offer_id""",
    "help_steps": """
select step_id, agent_id, step, evidence, recorded_at
from help_step where contact_id = $1 order by recorded_at, step_id""",
    "notes": """
select note_id, agent_id, body as text, written_at
from note where contact_id = $1 order by written_at, note_id""",
    "actions": """
select action_id, agent_id, kind, amount, currency, action_limit as limit, taken_at
from action where contact_id = $1 order by taken_at, action_id""",
    "resolutions": """
select resolution_id, agent_id, queue_id, outcome, number, claimed_at, settled, settled_at
from resolution where contact_id = $1 order by number""",
}
_SUMMARY = ("channel", "topic", "language", "priority", "received_at", "promise_due_at")
_CONTACT = (
    *("contact_id", "customer_id", "state", *_SUMMARY),
    *(
        "name",
        "time_zone",
        "value_tier",
        "queue_id",
        "queued_at",
        "precedence",
        "wrote_again",
        "claims",
    ),
)


async def find_desk(tx: Tx, agent_id: str) -> Json | None:
    """Presence, open offers and live assignments; None if there is no such agent."""
    presence = await tx.fetchval(PRESENCE, agent_id)
    if presence is None:
        return None
    held = await tx.fetch(HELD, agent_id)
    return {
        "agent_id": agent_id,
        "presence": presence,
        "offers": [_offer(row) for row in held if row["state"] == "open"],
        "assignments": [_assignment(row) for row in held if row["state"] != "open"],
    }


async def find_contact(
    tx: Tx, contact_id: UUID, agent_id: str, before: UUID | None, limit: int
) -> Json | None:
    """The contact with its history; None unless the agent holds it, held it or is offered it.

    Of what customers may write without end it has so many at most: the newest messages, or those before one.
    """
    row = await tx.fetchrow(CONTACT, contact_id, agent_id)
    if row is None:
        return None
    found: Json = {name: row[name] for name in _CONTACT}
    found["need"] = need_of(row)
    written = await tx.fetch(MESSAGES, contact_id, before, limit)
    found["messages"] = [dict(each) for each in reversed(written)]
    found["next"] = written[-1]["message_id"] if len(written) == limit else None
    for part, statement in PARTS.items():
        found[part] = [dict(each) for each in await tx.fetch(statement, contact_id)]
    return found


def _offer(row: Any) -> Json:
    times: Sequence[str] = ("made_at", "expires_at")
    return {"offer_id": row["offer_id"], **_what(row), **{name: row[name] for name in times}}


def _assignment(row: Any) -> Json:
    times: Sequence[str] = ("accepted_at", "wrap_up_ends_at")
    return {
        "assignment_id": row["offer_id"],
        "state": row["state"],
        **_what(row),
        **{name: row[name] for name in times},
    }


def _what(row: Any) -> Json:
    summary = {
        name: row[name]
        for name in (*_SUMMARY, "precedence", "wrote_again", "claims", "name", "subject")
    }
    summary |= {"need": need_of(row), "messages": row["messages"], "newest_at": row["newest_at"]}
    return {"contact_id": row["contact_id"], "queue_id": row["queue_id"], "contact": summary}
