"""The tables of intake: states that must not be are not possible here."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.base import new_metadata
from shared.jobs.tables import make_lease_table
from shared.messaging.consumer.tables import make_expired_contact_table, make_inbox_table
from shared.messaging.dead_letters.tables import make_dead_letter_limit_table
from shared.messaging.outbox.tables import make_outbox_tables

metadata = new_metadata()
make_outbox_tables(metadata)
make_lease_table(metadata)
make_inbox_table(metadata)
make_expired_contact_table(metadata)
make_dead_letter_limit_table(metadata)


def _id(name: str, *constraints: ForeignKey, nullable: bool = False) -> Column[object]:
    return Column(name, Uuid, *constraints, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _count(name: str) -> Column[object]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


customer = Table(
    "customer",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    _text("name"),
    _text("language"),
    _text("time_zone"),
    _text("value_tier"),
    _time("created_at"),
)

contact_point = Table(
    "contact_point",
    metadata,
    Column("contact_point_id", Uuid, primary_key=True),
    _text("kind"),
    _text("address"),
    _id("customer_id", ForeignKey("customer.customer_id")),
    UniqueConstraint("kind", "address"),
    UniqueConstraint("customer_id", "contact_point_id"),
    CheckConstraint("kind in ('email', 'phone', 'handle')", name="kind"),
    CheckConstraint("address <> ''", name="address"),
)

contact = Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    _id("customer_id"),
    _id("contact_point_id"),
    _text("channel"),
    _text("topic"),
    _text("language"),
    _text("time_zone"),
    Column("priority", SmallInteger, nullable=False),
    _text("queue_id", nullable=True),
    Column("need", JSONB(none_as_null=True)),
    Column("automatic", Boolean, nullable=False),
    _time("received_at"),
    Column(
        "active_at",
        DateTime(timezone=True),
        comment="When something last happened, at the newest look; null: nobody has looked.",
    ),
    CheckConstraint("priority between 1 and 9", name="priority"),
    ForeignKeyConstraint(
        ["customer_id", "contact_point_id"],
        ["contact_point.customer_id", "contact_point.contact_point_id"],
    ),
    Index(None, "customer_id"),
    Index("ix_contact_active_at", text("coalesce(active_at, received_at)")),
)

# A message came in and has an arrival key, or goes out and has a state; never both, never neither.
# Only what has failed may lack a channel and a contact point: nothing reaches the customer.
message = Table(
    "message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    _id("contact_id", ForeignKey("contact.contact_id")),
    _time("written_at"),
    _text("subject"),
    _text("text"),
    _text("full_text", nullable=True),
    Column("automatic", Boolean, nullable=False),
    _id("arrival_key", nullable=True),
    _text("channel", nullable=True),
    _id("contact_point_id", ForeignKey("contact_point.contact_point_id"), nullable=True),
    Column("digest", LargeBinary),
    _text("mail_id", nullable=True),
    _text("kind", nullable=True),
    _text("language", nullable=True),
    _text("state", nullable=True),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    _time("next_attempt_at", nullable=True),
    _time("settled_at", nullable=True),
    _text("reason", nullable=True),
    Column("trace", JSONB(none_as_null=True)),
    UniqueConstraint("arrival_key"),
    CheckConstraint("(arrival_key is null) <> (state is null)", name="direction"),
    CheckConstraint("(arrival_key is null) = (digest is null)", name="digest"),
    CheckConstraint("(channel is null) = (contact_point_id is null)", name="contact_point"),
    CheckConstraint("channel is not null or coalesce(state, '') = 'failed'", name="reachable"),
    CheckConstraint("(state is null) = (kind is null)", name="outbound_kind"),
    CheckConstraint("kind in ('acknowledgement', 'reply', 'check_in')", name="kind"),
    CheckConstraint("state in ('queued', 'sent', 'failed')", name="state"),
    CheckConstraint(
        "(coalesce(state, '') = 'queued') = (next_attempt_at is not null)", name="queued_is_due"
    ),
    CheckConstraint(
        "(coalesce(state, '') in ('sent', 'failed')) = (settled_at is not null)", name="settled"
    ),
    CheckConstraint("(coalesce(state, '') = 'failed') = (reason is not null)", name="reason"),
    Index(None, "contact_id"),
    Index("ix_message_mail_id", "mail_id", postgresql_where=text("mail_id is not null")),
    Index("ix_message_due", "next_attempt_at", postgresql_where=text("state = 'queued'")),
    Index(
        "uq_message_acknowledgement",
        "contact_id",
        unique=True,
        postgresql_where=text("kind = 'acknowledgement'"),
    ),
)

# Its bytes are in the object store, under its contact and its digest, before this row is written.
attachment = Table(
    "attachment",
    metadata,
    _id("message_id", ForeignKey("message.message_id")),
    Column("position", SmallInteger, nullable=False),
    _text("name"),
    _text("media_type"),
    Column("size", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("message_id", "position"),
    CheckConstraint("size >= 0", name="size"),
    CheckConstraint("octet_length(digest) = 32", name="digest"),
)

promise = Table(
    "promise",
    metadata,
    Column("promise_id", Uuid, primary_key=True),
    _id("contact_id", ForeignKey("contact.contact_id")),
    _time("made_at"),
    _time("due_at"),
    _text("basis"),
    _text("outcome", nullable=True),
    _time("settled_at", nullable=True),
    Column("trace", JSONB(none_as_null=True)),
    CheckConstraint("due_at > made_at", name="due"),
    CheckConstraint("basis in ('forecast', 'target')", name="basis"),
    CheckConstraint(
        "outcome in ('beaten', 'kept', 'broken', 'renegotiated', 'void')", name="outcome"
    ),
    CheckConstraint("(outcome is null) = (settled_at is null)", name="settled"),
    CheckConstraint("outcome not in ('beaten', 'kept') or settled_at <= due_at", name="in_time"),
    CheckConstraint("outcome <> 'broken' or settled_at >= due_at", name="too_late"),
    Index("ix_promise_due", "due_at", postgresql_where=text("outcome is null")),
    Index("uq_promise_open", "contact_id", unique=True, postgresql_where=text("outcome is null")),
    Index(None, "contact_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", Uuid, primary_key=True),
    _text("source"),
    _text("channel"),
    _text("reason"),
    Column("content", LargeBinary, nullable=False),
    Column("envelope", JSONB, nullable=False),
    _time("received_at"),
    _time("replayed_at", nullable=True),
    _id("contact_id", ForeignKey("contact.contact_id"), nullable=True),
    _id("arrival_key", nullable=True),
    CheckConstraint("source in ('smtp', 'inbox')", name="source"),
    CheckConstraint("(replayed_at is null) = (contact_id is null)", name="replayed"),
    Index("ix_quarantine_page", "received_at", "quarantine_id"),
    Index("ix_quarantine_waiting", "source", postgresql_where=text("replayed_at is null")),
    Index(
        "ix_quarantine_contact_id", "contact_id", postgresql_where=text("contact_id is not null")
    ),
    Index(
        "ix_quarantine_arrival_key",
        "arrival_key",
        postgresql_where=text("arrival_key is not null"),
    ),
)

# What the quarantine had no room for: it stands at its origin, as long as the topic keeps it.
quarantine_overflow = Table(
    "quarantine_overflow",
    metadata,
    _text("topic"),
    Column("partition", Integer, nullable=False),
    _text("channel"),
    _text("reason"),
    _count("count"),
    Column("first_offset", BigInteger, nullable=False),
    Column("last_offset", BigInteger, nullable=False),
    _time("first_at"),
    _time("last_at"),
    PrimaryKeyConstraint("topic", "partition", "channel", "reason"),
    CheckConstraint("count > 0", name="count"),
    CheckConstraint("first_offset <= last_offset", name="offsets"),
)

tally = Table(
    "tally",
    metadata,
    _text("channel"),
    Column("shard", SmallInteger, nullable=False),
    _count("received"),
    _count("stored"),
    _count("quarantined"),
    _count("deduplicated"),
    PrimaryKeyConstraint("channel", "shard"),
    CheckConstraint("received = stored + quarantined + deduplicated", name="adds_up"),
)

queue = Table(
    "queue",
    metadata,
    Column("queue_id", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    _time("changed_at"),
)

topic_rule = Table(
    "topic_rule",
    metadata,
    Column("rank", Integer, primary_key=True, autoincrement=False),
    _text("topic"),
    _text("recipient", nullable=True),
    Column("words", ARRAY(Text), nullable=False),
    _text("language", nullable=True),
    CheckConstraint(
        "recipient is not null or cardinality(words) > 0 or language is not null", name="asks"
    ),
)
