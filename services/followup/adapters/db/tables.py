"""The tables of followup's own database. What a state needs is checked by the database itself."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
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
make_inbox_table(metadata)
make_expired_contact_table(metadata)
make_dead_letter_limit_table(metadata)
make_outbox_tables(metadata)
make_lease_table(metadata)

Table(
    "customer",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
)

Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("customer_id", Uuid),
    Column("channel", Text),
    Column("language", Text),
    Column("time_zone", Text),
    Column("value_tier", Text),
    Column("automatic", Boolean),
    Column("trace", JSONB, comment="The trace context the contact was received with."),
    CheckConstraint(
        "num_nulls(customer_id, channel, language, time_zone, value_tier, automatic) in (0, 6)",
        name="received_wholly_or_not_yet",
    ),
    Index(None, "customer_id"),
)

Table(
    "check_in",
    metadata,
    Column("check_in_id", Uuid, primary_key=True),
    Column("resolution_id", Uuid, nullable=False, unique=True),
    Column("contact_id", Uuid, ForeignKey("contact.contact_id"), nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("queue_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("message_id", Uuid),
    Column("sent_at", DateTime(timezone=True)),
    Column("closes_at", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
    Column("csat", Integer),
    Column("comment", Text),
    Column("skipped_at", DateTime(timezone=True)),
    Column("skipped_reason", Text),
    Column(
        "word_owed",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="The customer wrote after the claim, and no agent has said yet what that is.",
    ),
    Column("nothing_new_at", DateTime(timezone=True)),
    Column(
        "still_open",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="An agent says that it is.",
    ),
    Column("reopened", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint(
        "state in ('waiting', 'scheduled', 'sent', 'confirmed', 'refuted', 'unrefuted', 'skipped')",
        name="state",
    ),
    CheckConstraint(
        "case when state = 'waiting' then due_at is null"
        " when state = 'skipped' or still_open then true else due_at is not null end",
        name="due",
    ),
    CheckConstraint(
        "case when state in ('waiting', 'scheduled')"
        " then num_nonnulls(message_id, sent_at, closes_at) = 0"
        " when state = 'skipped' or still_open then num_nulls(message_id, sent_at, closes_at) in (0, 3)"
        " else num_nulls(message_id, sent_at, closes_at) = 0 end",
        name="sent",
    ),
    CheckConstraint("closes_at > sent_at", name="window"),
    CheckConstraint(
        "(state in ('confirmed', 'refuted', 'unrefuted')) = (settled_at is not null)",
        name="settled",
    ),
    CheckConstraint(
        "case when state in ('confirmed', 'refuted') and not still_open then comment is not null"
        " else num_nonnulls(csat, comment) = 0 end",
        name="answer",
    ),
    CheckConstraint("csat between 1 and 5", name="csat"),
    CheckConstraint(
        "state not in ('confirmed', 'refuted') or still_open or settled_at < closes_at",
        name="answered_in_time",
    ),
    CheckConstraint("state <> 'unrefuted' or settled_at >= closes_at", name="waited_to_the_end"),
    CheckConstraint(
        "case state when 'skipped' then num_nulls(skipped_at, skipped_reason) = 0"
        " else num_nonnulls(skipped_at, skipped_reason) = 0 end",
        name="skipped",
    ),
    CheckConstraint(
        "skipped_reason in ('reopened', 'superseded', 'automatic', 'undeliverable')",
        name="skipped_reason",
    ),
    CheckConstraint(
        "not still_open or (not word_owed and state in ('waiting', 'refuted', 'skipped'))",
        name="still_open_refutes",
    ),
    Index("ix_check_in_contact_id", "contact_id"),
    Index(
        "uq_check_in_one_open_per_contact",
        "contact_id",
        unique=True,
        postgresql_where=text("state in ('scheduled', 'sent')"),
    ),
    Index(
        "ix_check_in_due", "due_at", postgresql_where=text("state = 'scheduled' and not word_owed")
    ),
    Index(
        "ix_check_in_closing",
        "closes_at",
        postgresql_where=text("state = 'sent' and not word_owed"),
    ),
)
