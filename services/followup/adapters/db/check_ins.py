"""SQL for check-ins: found, locked and saved, a set in one statement."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.followup.adapters.db.rows import Row, from_check_in, to_check_in, to_contact
from services.followup.domain.check_ins.model import CheckIn, Question
from shared.database.database import Tx
from shared.database.rows import Columns
from shared.kernel.errors import Conflict

COLUMNS = Columns(
    check_in_id="uuid",
    resolution_id="uuid",
    contact_id="uuid",
    agent_id="text",
    queue_id="text",
    number="integer",
    claimed_at="timestamptz",
    state="text",
    due_at="timestamptz",
    message_id="uuid",
    sent_at="timestamptz",
    closes_at="timestamptz",
    settled_at="timestamptz",
    csat="integer",
    comment="text",
    skipped_at="timestamptz",
    skipped_reason="text",
    word_owed="boolean",
    nothing_new_at="timestamptz",
    still_open="boolean",
    reopened="boolean",
)
SAVE = f"""
insert into check_in ({COLUMNS.names})
select {COLUMNS.names} from {COLUMNS.source} order by contact_id, number
on conflict (check_in_id) do update set {COLUMNS.assignments("excluded")}
where check_in.state in ('waiting', 'scheduled', 'sent')
"""  # noqa: S608 - made of the column names above
QUESTION = """
select check_in.*, customer_id, channel, language, time_zone, value_tier, automatic, trace,
  coalesce(customer.name, '') as name
from {source} as check_in join contact using (contact_id) left join customer using (customer_id)
"""
FIND = QUESTION.format(source="check_in") + "where check_in_id = $1"
LOCK = FIND + " for update of check_in"
LOCK_DUE = QUESTION.format(
    source="""(
  select * from check_in where state = 'scheduled' and not word_owed and due_at <= $1
  order by due_at limit $2 for update skip locked
)"""
)
LOCK_CLOSING = QUESTION.format(
    source="""(
  select * from check_in where state = 'sent' and not word_owed and closes_at <= $1
  order by closes_at limit $2 for update skip locked
)"""
)
NEXT_DUE = "select min(due_at) from check_in where state = 'scheduled' and not word_owed"
NEXT_CLOSING = "select min(closes_at) from check_in where state = 'sent' and not word_owed"
OF_CONTACT = "select * from check_in where contact_id = $1 and number > $2 order by number limit $3"


async def save(tx: Tx, check_ins: Iterable[CheckIn]) -> None:
    """Write check-ins that are locked or new. One that has ended never changes again: Conflict."""
    rows = [from_check_in(check_in) for check_in in check_ins]
    if not rows:
        return
    status = await tx.execute(SAVE, *COLUMNS.arrays(rows))
    if int(status.split()[-1]) != len(rows):
        raise Conflict("a check-in has ended already")


async def lock_due(tx: Tx, now: datetime, limit: int) -> list[Question]:
    """Questions whose time to ask has come and that nobody else holds, held until `tx` ends."""
    return [_to_question(row) for row in await tx.fetch(LOCK_DUE, now, limit)]


async def lock_closing(tx: Tx, now: datetime, limit: int) -> list[Question]:
    """Questions whose window is over and that nobody else holds, held until `tx` ends."""
    return [_to_question(row) for row in await tx.fetch(LOCK_CLOSING, now, limit)]


async def next_due(tx: Tx) -> datetime | None:
    """When the next question is to be asked; None if none is."""
    moment: datetime | None = await tx.fetchval(NEXT_DUE)
    return moment


async def next_closing(tx: Tx) -> datetime | None:
    """When the next question is to be closed; None if none is open."""
    moment: datetime | None = await tx.fetchval(NEXT_CLOSING)
    return moment


async def find(tx: Tx, check_in_id: UUID) -> Question | None:
    """A question as it stands; nothing is held."""
    row = await tx.fetchrow(FIND, check_in_id)
    return _to_question(row) if row else None


async def lock(tx: Tx, check_in_id: UUID) -> Question | None:
    """A question, held until `tx` ends."""
    row = await tx.fetchrow(LOCK, check_in_id)
    return _to_question(row) if row else None


async def of_contact(tx: Tx, contact_id: UUID, after: int, limit: int) -> list[CheckIn]:
    """So many check-ins of a contact at most, in the order in which its resolutions were claimed: those behind the `after`th."""
    return [to_check_in(row) for row in await tx.fetch(OF_CONTACT, contact_id, after, limit)]


def _to_question(row: Row) -> Question:
    return Question(to_check_in(row), to_contact(row), row["name"])
