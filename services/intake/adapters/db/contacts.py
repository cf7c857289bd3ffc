"""SQL of contacts and their messages: what came before, what is referred to, and what is new."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from services.intake.domain.acceptance_plan import NewMessage, Plan
from services.intake.domain.arrival import GivenPromise, Receipt
from services.intake.domain.known_before import Earlier, Thread
from services.intake.domain.mail import own_message
from shared.contracts.intake import PromiseBasis
from shared.database.database import Tx
from shared.database.rows import Columns

CONTACT = Columns(
    contact_id="uuid",
    customer_id="uuid",
    contact_point_id="uuid",
    channel="text",
    topic="text",
    language="text",
    time_zone="text",
    priority="smallint",
    queue_id="text",
    need="jsonb",
    automatic="boolean",
    received_at="timestamptz",
)
MESSAGE = Columns(
    message_id="uuid",
    contact_id="uuid",
    written_at="timestamptz",
    subject="text",
    text="text",
    automatic="boolean",
    channel="text",
    contact_point_id="uuid",
    arrival_key="uuid",
    digest="bytea",
    mail_id="text",
    full_text="text",
    kind="text",
    language="text",
    state="text",
    next_attempt_at="timestamptz",
    settled_at="timestamptz",
    reason="text",
    trace="jsonb",
)
PROMISE = Columns(
    promise_id="uuid",
    contact_id="uuid",
    made_at="timestamptz",
    due_at="timestamptz",
    basis="text",
    trace="jsonb",
)
ATTACHMENT = Columns(
    message_id="uuid",
    position="smallint",
    name="text",
    media_type="text",
    size="int",
    digest="bytea",
)
# One statement, for its round trip costs what a few rows cost; references are checked at its end.
SAVE = f"""
with contact as ({CONTACT.insert("contact")}),
message as ({MESSAGE.insert("message", 1 + len(CONTACT))})
{PROMISE.insert("promise", 1 + len(CONTACT) + len(MESSAGE))}
"""
SAVE_ATTACHMENTS = ATTACHMENT.insert("attachment")

# A thread's contact is held as the new message will hold it: one that expires now is waited for, and is no thread.
# `lateral … limit 1` keeps the planner on the indexes, whatever it believes of tables it has not seen grow.
EARLIER = """
select found.*, p.promise_id, p.due_at, p.basis, a.text as promise_text,
  a.language as promise_language
from unnest($1::uuid[]) as given (arrival_key)
cross join lateral (
  select m.arrival_key, m.digest, m.message_id, c.contact_id, c.customer_id,
    m.message_id = (
      select first.message_id from message first where first.contact_id = c.contact_id
      and first.arrival_key is not null order by first.written_at, first.message_id limit 1
    ) as opened
  from message m join contact c using (contact_id)
  where m.arrival_key = given.arrival_key limit 1
) found
left join lateral (
  select * from promise p where p.contact_id = found.contact_id and found.opened
  order by p.made_at limit 1
) p on true
left join message a on a.contact_id = found.contact_id and a.kind = 'acknowledgement'
"""
THREADS = """
select given.mail_id, c.contact_id, c.customer_id, c.automatic
from unnest($1::text[], $2::uuid[]) as given (mail_id, own_id)
cross join lateral (
  select contact_id from message m where m.message_id = given.own_id and m.state is not null
  union select contact_id from message m where m.mail_id = given.mail_id
) named join contact c using (contact_id) for key share of c
"""
EXISTING = "select contact_id from contact where contact_id = any($1::uuid[])"


async def earlier(tx: Tx, arrival_keys: Sequence[UUID]) -> dict[UUID, Earlier]:
    """The arrivals that came before under these keys."""
    rows = await tx.fetch(EARLIER, arrival_keys) if arrival_keys else []
    return {row["arrival_key"]: Earlier(row["digest"], _receipt(row)) for row in rows}


async def threads(tx: Tx, mail_ids: Iterable[str]) -> dict[str, list[Thread]]:
    """The contacts to which these mails belong, ours and theirs, by Message-ID."""
    found: dict[str, list[Thread]] = {}
    named = list(mail_ids)
    if not named:
        return found
    for row in await tx.fetch(THREADS, named, [own_message(mail) for mail in named]):
        thread = Thread(row["contact_id"], row["customer_id"], row["automatic"])
        found.setdefault(row["mail_id"], []).append(thread)
    return found


async def save(tx: Tx, plan: Plan) -> None:
    """Keep what was decided. Raises `UniqueViolationError` where another had one of the arrivals."""
    messages: list[NewMessage] = sorted(plan.messages, key=_place)
    if messages:
        await tx.execute(
            SAVE,
            *CONTACT.arrays_of(plan.contacts),
            *MESSAGE.arrays_of(messages),
            *PROMISE.arrays_of(plan.promises),
        )
    if plan.attachments:
        await tx.execute(SAVE_ATTACHMENTS, *ATTACHMENT.arrays_of(plan.attachments))


async def existing(tx: Tx, contact_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the contacts that are there."""
    return {row[0] for row in await tx.fetch(EXISTING, list(contact_ids))}


def _place(message: NewMessage) -> int:
    """By arrival keys, so that sets never wait for each other in a circle."""
    return message.arrival_key.int if message.arrival_key else 0


def _receipt(row: asyncpg.Record) -> Receipt:
    return Receipt(
        contact_id=row["contact_id"],
        customer_id=row["customer_id"],
        message_id=row["message_id"],
        promise=_given_promise(row) if row["promise_id"] else None,
    )


def _given_promise(row: asyncpg.Record) -> GivenPromise:
    return GivenPromise(
        promise_id=row["promise_id"],
        due_at=row["due_at"],
        text=row["promise_text"],
        language=row["promise_language"],
        basis=PromiseBasis(row["basis"]),
    )
