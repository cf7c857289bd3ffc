"""The tables of analytics: what is known of each contact, the sums, and how far they reach."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.base import new_metadata
from shared.jobs.tables import make_lease_table
from shared.messaging.consumer.tables import make_inbox_table
from shared.messaging.dead_letters.tables import make_dead_letter_limit_table
from shared.messaging.outbox.tables import make_outbox_tables

metadata = new_metadata()
make_inbox_table(metadata)
make_dead_letter_limit_table(metadata)
make_outbox_tables(metadata)
make_lease_table(metadata)

Table(
    "fact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("body", JSONB, nullable=False, comment="A Fact; nothing in it is personal data."),
    postgresql_with={"fillfactor": "70"},
)

Table(
    "rollup",
    metadata,
    Column(
        "period_start",
        DateTime(timezone=True),
        nullable=False,
        comment="A full quarter of an hour, UTC.",
    ),
    Column("queue_id", Text, nullable=False, comment="`-`: not queued yet."),
    Column("channel", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("period_start", "queue_id", "channel", "measure", "bucket"),
    postgresql_with={"fillfactor": "50"},
)

Table(
    "watermark",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("last_event_at", DateTime(timezone=True), nullable=False),
)
