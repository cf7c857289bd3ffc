"""SQL of what the API shows: a contact as the customer sees it."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.database.database import Tx
from shared.database.rows import from_row


class PromiseView(msgspec.Struct, frozen=True, kw_only=True):
    """A promise and what became of it."""

    promise_id: UUID
    made_at: datetime
    due_at: datetime
    basis: str
    outcome: str | None
    settled_at: datetime | None


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message, as its sender named it; `position` counts from 0."""

    position: int
    name: str
    media_type: str
    size: int


class StoredAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment and what its content is found by."""

    name: str
    size: int
    digest: bytes


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message, in or out. Sent without an attempt is `in_response`: only that carried it."""

    message_id: UUID
    direction: str
    written_at: datetime
    subject: str
    text: str
    kind: str | None
    state: str | None
    settled_at: datetime | None
    reason: str | None
    attachments: int
    files: list[AttachmentView]


class ContactView(msgspec.Struct, frozen=True, kw_only=True):
    """A contact with a page of what was written; `next` is null where that begins with the first message."""

    contact_id: UUID
    customer_id: UUID
    channel: str
    topic: str
    language: str
    time_zone: str
    received_at: datetime
    automatic: bool
    promises: list[PromiseView]
    messages: list[MessageView]
    next: UUID | None


CONTACT = """
select contact_id, customer_id, channel, topic, language, time_zone, received_at, automatic
from contact where contact_id = $1
"""
PROMISES = """
select promise_id, made_at, due_at, basis, outcome, settled_at
from promise where contact_id = $1 order by made_at
"""
# The newest of those before one of them, which is where the page before began.
MESSAGES = """
select message_id, case when state is null then 'in' else 'out' end as direction, written_at,
  subject, text, kind, settled_at, reason,
  case when state = 'sent' and attempts = 0 then 'in_response' else state end as state,
  files.attachments, files.files
from (
  select * from message where contact_id = $1 and ($2::uuid is null or (written_at, message_id) < (
    select written_at, message_id from message where message_id = $2 and contact_id = $1
  )) order by written_at desc, message_id desc limit $3
) m cross join lateral (
  select count(*)::int as attachments, coalesce(jsonb_agg(jsonb_build_object(
    'position', position, 'name', name, 'media_type', media_type, 'size', size
  ) order by position), '[]') as files
  from attachment a where a.message_id = m.message_id
) files order by written_at, message_id
"""
ATTACHMENT = """
select name, size, a.digest from attachment a join message m using (message_id)
where m.contact_id = $1 and message_id = $2 and position = $3
"""


async def contact(tx: Tx, contact_id: UUID, before: UUID | None, limit: int) -> ContactView | None:
    """The contact, if there is one, with so many of its messages at most: the newest, or those before one."""
    row = await tx.fetchrow(CONTACT, contact_id)
    if row is None:
        return None
    written = await tx.fetch(MESSAGES, contact_id, before, limit)
    return ContactView(
        **dict(row),
        promises=[from_row(each, PromiseView) for each in await tx.fetch(PROMISES, contact_id)],
        messages=[from_row(each, MessageView) for each in written],
        next=written[0]["message_id"] if len(written) == limit else None,
    )


async def attachment(
    tx: Tx, contact_id: UUID, message_id: UUID, position: int
) -> StoredAttachment | None:
    """A file of a message of the contact, if there is one."""
    row = await tx.fetchrow(ATTACHMENT, contact_id, message_id, position)
    return from_row(row, StoredAttachment) if row else None
