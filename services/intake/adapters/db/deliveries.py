"""SQL of outbound messages: what is to be delivered, leased by one process at a time, and its outcome."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.intake.domain.address import ContactPoint, PointKind
from services.intake.domain.correspondence import Correspondence
from services.intake.domain.delivery import Draft, LeasedMessage, OutcomeRow
from shared.contracts.values import Channel
from shared.database.database import Tx
from shared.database.rows import Columns, from_row

_DRAFT = Columns(
    message_id="uuid",
    contact_id="uuid",
    kind="text",
    channel="text",
    contact_point_id="uuid",
    subject="text",
    text="text",
    automatic="boolean",
    written_at="timestamptz",
    state="text",
    reason="text",
    trace="jsonb",
)
_OUTCOME = Columns(
    message_id="uuid",
    attempts="smallint",
    state="text",
    settled_at="timestamptz",
    reason="text",
    next_attempt_at="timestamptz",
)
# The contact's own point first, then the customer's others by age. It is held as the message will hold it.
CORRESPONDENCE = """
select c.contact_id, c.channel, points.*,
  (select m.subject from message m where m.contact_id = c.contact_id and m.arrival_key is not null
   order by m.written_at, m.message_id limit 1) as subject,
  (select coalesce(array_agg(m.message_id), '{}') from message m
   where m.contact_id = c.contact_id and m.state is not null) as message_ids
from unnest($1::uuid[]) as given (contact_id)
join contact c using (contact_id)
cross join lateral (
  select array_agg(p.contact_point_id order by is_own desc, p.contact_point_id) as point_ids,
    array_agg(p.kind order by is_own desc, p.contact_point_id) as kinds,
    array_agg(p.address order by is_own desc, p.contact_point_id) as addresses
  from (
    select o.*, o.contact_point_id = c.contact_point_id as is_own
    from contact_point o where o.customer_id = c.customer_id
  ) p
) points for key share of c
"""
WRITE = f"""
insert into message (message_id, contact_id, written_at, subject, text, automatic, kind, channel,
  contact_point_id, language, state, next_attempt_at, settled_at, reason, trace)
select message_id, contact_id, given.written_at, given.subject, given.text, given.automatic,
  given.kind, given.channel, given.contact_point_id, contact.language, given.state,
  case when given.state = 'queued' then given.written_at end,
  case when given.state <> 'queued' then given.written_at end, given.reason, given.trace
from {_DRAFT.source} join contact using (contact_id)
on conflict (message_id) do nothing
"""  # noqa: S608 - the source is made of our own column names
LEASE = """
with due as (
  select message_id from message where state = 'queued' and next_attempt_at <= $1
  order by next_attempt_at limit $2 for update skip locked
), leased as (
  update message set next_attempt_at = $3, attempts = attempts + 1
  from due where message.message_id = due.message_id
  returning message.*
)
select leased.message_id, leased.contact_id, leased.kind, leased.channel, leased.subject,
  leased.text, leased.language, leased.attempts, leased.automatic, leased.trace, p.address,
  (select m.mail_id from message m where m.contact_id = leased.contact_id
   and m.mail_id is not null order by m.written_at desc, m.message_id desc limit 1) as in_reply_to
from leased join contact_point p using (contact_point_id)
"""
# Only the attempt that was counted may settle it: whoever lost the lease changes nothing.
SETTLE = f"""
update message set state = given.state, settled_at = given.settled_at, reason = given.reason,
  next_attempt_at = given.next_attempt_at
from {_OUTCOME.source}
where message.message_id = given.message_id and message.state = 'queued'
  and message.attempts = given.attempts
returning message.message_id
"""  # noqa: S608 - the source is made of our own column names
QUEUED = """
select count(*)::int as count, min(written_at) as oldest_at
from (select written_at from message where state = 'queued' limit $1) as queued
"""


async def queued(tx: Tx, max_count: int) -> tuple[int, datetime | None]:
    """How many messages wait to be delivered, up to this many, and since when the oldest does."""
    [(count, oldest_at)] = await tx.fetch(QUEUED, max_count)
    return count, oldest_at


async def correspondence(tx: Tx, contact_ids: Iterable[UUID]) -> dict[UUID, Correspondence]:
    """What is to be known of these contacts to write to their customers; unknown ones are missing."""
    rows = await tx.fetch(CORRESPONDENCE, list(set(contact_ids)))
    return {row["contact_id"]: _correspondence(row) for row in rows}


async def write(tx: Tx, drafts: Sequence[Draft]) -> None:
    """Keep these messages; what is there under an id stays as it is."""
    await tx.execute(WRITE, *_DRAFT.arrays_of(drafts))


async def lease(tx: Tx, now: datetime, period: timedelta, limit: int) -> list[LeasedMessage]:
    """Messages that are due; nobody else gets them before the period ends."""
    return [from_row(row, LeasedMessage) for row in await tx.fetch(LEASE, now, limit, now + period)]


async def settle(tx: Tx, outcomes: Sequence[OutcomeRow]) -> set[UUID]:
    """Keep how attempts ended; gives the ids of those that were still ours."""
    return {row[0] for row in await tx.fetch(SETTLE, *_OUTCOME.arrays_of(outcomes))}


def _correspondence(row: asyncpg.Record) -> Correspondence:
    points = zip(row["kinds"], row["addresses"], strict=True)
    return Correspondence(
        contact_id=row["contact_id"],
        channel=Channel(row["channel"]),
        subject=row["subject"],
        points=[
            (point_id, ContactPoint(PointKind(kind), address))
            for point_id, (kind, address) in zip(row["point_ids"], points, strict=True)
        ],
        message_ids=frozenset(row["message_ids"]),
    )
