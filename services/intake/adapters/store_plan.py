"""SQL of what was decided: contacts with their promise and acknowledgement, messages, files."""

from services.intake.adapters.rows import Rows
from services.intake.domain.plan import NewAttachment, NewContact, NewMessage, Plan
from shared.database.database import Tx

_CONTACT = Rows(
    NewContact,
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
    message_id="uuid",
    arrival_key="uuid",
    digest="bytea",
    mail_id="text",
    subject="text",
    text="text",
    full_text="text",
    trace="jsonb",
    promise_id="uuid",
    due_at="timestamptz",
    basis="text",
    said_id="uuid",
    said_subject="text",
    said_text="text",
    said_language="text",
    said_state="text",
    said_reason="text",
)
_MESSAGE = Rows(
    NewMessage,
    message_id="uuid",
    contact_id="uuid",
    received_at="timestamptz",
    arrival_key="uuid",
    channel="text",
    digest="bytea",
    mail_id="text",
    subject="text",
    text="text",
    full_text="text",
    automatic="boolean",
)
_ATTACHMENT = Rows(
    NewAttachment,
    message_id="uuid",
    position="smallint",
    name="text",
    media_type="text",
    content="bytea",
)

OPEN = f"""
with given as (select * from {_CONTACT.source} order by arrival_key), opened as (
  insert into contact (contact_id, customer_id, contact_point_id, channel, topic, language,
    time_zone, priority, queue_id, need, automatic, received_at)
  select contact_id, customer_id, contact_point_id, channel, topic, language,
    time_zone, priority, queue_id, need, automatic, received_at from given
), received as (
  insert into message (message_id, contact_id, written_at, subject, text, full_text, automatic,
    arrival_key, channel, digest, mail_id)
  select message_id, contact_id, received_at, subject, text, full_text, automatic,
    arrival_key, channel, digest, mail_id from given
), promised as (
  insert into promise (promise_id, contact_id, made_at, due_at, basis, trace)
  select promise_id, contact_id, received_at, due_at, basis, trace from given
  where promise_id is not null
)
insert into message (message_id, contact_id, written_at, subject, text, automatic, kind, language,
  state, next_attempt_at, settled_at, reason, trace)
select said_id, contact_id, received_at, said_subject, said_text, true, 'acknowledgement',
  said_language, said_state, case when said_state = 'queued' then received_at end,
  case when said_state <> 'queued' then received_at end, said_reason, trace
from given where said_id is not null
"""  # noqa: S608 - the source is made of our own column names
APPEND = f"""
insert into message (message_id, contact_id, written_at, subject, text, full_text, automatic,
  arrival_key, channel, digest, mail_id)
select message_id, contact_id, received_at, subject, text, full_text, automatic,
  arrival_key, channel, digest, mail_id from {_MESSAGE.source} order by arrival_key
"""  # noqa: S608 - the source is made of our own column names
ATTACH = f"""
insert into attachment (message_id, position, name, media_type, size, content)
select message_id, position, name, media_type, octet_length(content), content
from {_ATTACHMENT.source}
"""  # noqa: S608 - the source is made of our own column names


async def save(tx: Tx, plan: Plan) -> None:
    """Keep what was decided. In the order of arrival keys, so that sets never wait in a circle."""
    if plan.contacts:
        await tx.execute(OPEN, *_CONTACT.of(plan.contacts))
    if plan.messages:
        await tx.execute(APPEND, *_MESSAGE.of(plan.messages))
    if plan.attachments:
        await tx.execute(ATTACH, *_ATTACHMENT.of(plan.attachments))
