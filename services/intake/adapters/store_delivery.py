"""SQL of deliveries: what is to be written, claimed by one sender at a time, and what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.intake.adapters.rows import Rows
from services.intake.domain.delivery import Draft, End
from shared.contracts.cloudevents import TraceContext
from shared.contracts.values import MessageKind
from shared.database.database import Tx

_DRAFT = Rows(
    Draft,
    message_id="uuid",
    contact_id="uuid",
    kind="text",
    subject="text",
    text="text",
    automatic="boolean",
    written_at="timestamptz",
    state="text",
    reason="text",
    trace="jsonb",
)


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """How a contact's customer is reached: by mail, or by nothing we have."""

    contact_id: UUID
    kind: str
    address: str | None
    subject: str


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose sending is ours until the lease ends; `attempts` counts this one."""

    message_id: UUID
    contact_id: UUID
    kind: MessageKind
    subject: str
    text: str
    language: str
    address: str
    attempts: int
    automatic: bool
    answers: str | None
    trace: TraceContext | None


_END = Rows(
    End,
    message_id="uuid",
    attempts="smallint",
    state="text",
    settled_at="timestamptz",
    reason="text",
    next_attempt_at="timestamptz",
)

# The address of the contact itself, else the oldest one of its customer.
RECIPIENTS = """
select given.contact_id, p.kind, mail.address,
  (select m.subject from message m where m.contact_id = c.contact_id and m.arrival_key is not null
   order by m.written_at, m.message_id limit 1) as subject
from unnest($1::uuid[]) as given (contact_id)
join contact c using (contact_id)
join contact_point p on p.contact_point_id = c.contact_point_id
left join lateral (
  select address from contact_point o where o.customer_id = c.customer_id and o.kind = 'email'
  order by o.contact_point_id = p.contact_point_id desc, o.contact_point_id limit 1
) mail on true
"""
WRITE = f"""
insert into message (message_id, contact_id, written_at, subject, text, automatic, kind, language,
  state, next_attempt_at, settled_at, reason, trace)
select message_id, contact_id, given.written_at, given.subject, given.text, given.automatic,
  given.kind, contact.language, given.state, case when given.state = 'queued' then given.written_at end,
  case when given.state <> 'queued' then given.written_at end, given.reason, given.trace
from {_DRAFT.source} join contact using (contact_id)
on conflict (message_id) do nothing returning message_id
"""  # noqa: S608 - the source is made of our own column names
CLAIM = """
with due as (
  select message_id from message where state = 'queued' and next_attempt_at <= $1
  order by next_attempt_at limit $2 for update skip locked
), claimed as (
  update message set next_attempt_at = $3, attempts = attempts + 1
  from due where message.message_id = due.message_id
  returning message.*
)
select claimed.message_id, contact_id, claimed.kind, subject, text, claimed.language, attempts,
  claimed.automatic, claimed.trace, mail.address,
  (select m.mail_id from message m where m.contact_id = claimed.contact_id
   and m.mail_id is not null order by m.written_at desc, m.message_id desc limit 1) as answers
from claimed join contact c using (contact_id)
cross join lateral (
  select address from contact_point o where o.customer_id = c.customer_id and o.kind = 'email'
  order by o.contact_point_id = c.contact_point_id desc, o.contact_point_id limit 1
) mail
"""
# Only the attempt that was counted may settle it: whoever lost the lease changes nothing.
SETTLE = f"""
update message set state = given.state, settled_at = given.settled_at, reason = given.reason,
  next_attempt_at = given.next_attempt_at
from {_END.source}
where message.message_id = given.message_id and message.state = 'queued'
  and message.attempts = given.attempts
returning message.message_id
"""  # noqa: S608 - the source is made of our own column names


async def recipients(tx: Tx, contact_ids: Sequence[UUID]) -> dict[UUID, Recipient]:
    """How the customers of these contacts are reached; unknown contacts are missing."""
    rows = await tx.fetch(RECIPIENTS, list(set(contact_ids)))
    return {row["contact_id"]: Recipient(**dict(row)) for row in rows}


async def write(tx: Tx, drafts: Sequence[Draft]) -> set[UUID]:
    """Keep these messages; gives the ids of those that were not there."""
    return {row[0] for row in await tx.fetch(WRITE, *_DRAFT.of(drafts))}


async def claim(tx: Tx, now: datetime, lease: timedelta, limit: int) -> list[Claimed]:
    """Messages that are due; nobody else gets them before the lease ends."""
    rows = await tx.fetch(CLAIM, now, limit, now + lease)
    return [msgspec.convert(dict(row), Claimed) for row in rows]


async def settle(tx: Tx, ends: Sequence[End]) -> set[UUID]:
    """Write down how attempts ended; gives the ids of those that were still ours."""
    return {row[0] for row in await tx.fetch(SETTLE, *_END.of(ends))}
