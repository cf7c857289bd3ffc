"""The tables of analytics: what is known of each contact, the sums, and how far they reach."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
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
    "generation",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("source", Text, nullable=False, comment="What it is made from: `facts` or `topics`."),
    Column("measures", ARRAY(Text), nullable=False, comment="What is counted in it."),
    Column("passed", Uuid, comment="From facts: the last contact that is counted in it."),
    Column("contacts", BigInteger, nullable=False, server_default="0"),
    Column(
        "consumed_since",
        DateTime(timezone=True),
        comment="From topics: since when they are consumed again; null: they are not yet.",
    ),
    Column(
        "begun_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
    ),
    Column(
        "completed_at",
        DateTime(timezone=True),
        comment="The newest that is complete is read; at most one is not complete.",
    ),
)

Table(
    "rollup",
    metadata,
    Column("generation", BigInteger, nullable=False, comment="0: counted from the first event on."),
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
    PrimaryKeyConstraint("generation", "period_start", "queue_id", "channel", "measure", "bucket"),
    postgresql_with={"fillfactor": "50"},
)

Table(
    "watermark",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, primary_key=True),
    Column("last_event_at", DateTime(timezone=True), nullable=False),
)
