"""Initial."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database.base import Xid8

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "body",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="A Fact; nothing in it is personal data.",
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_fact")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "dead_letter_limit",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "dead",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Since `began_at`.",
        ),
        sa.Column(
            "sample",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Records seen.",
        ),
        sa.Column("sample_dead", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(paused_at is null) = (paused_because is null)",
            name=op.f("ck_dead_letter_limit_paused_for_a_reason"),
        ),
        sa.PrimaryKeyConstraint("consumer_group", name=op.f("pk_dead_letter_limit")),
    )
    op.create_table(
        "generation",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "source",
            sa.Text(),
            nullable=False,
            comment="What it is made from: `facts` or `topics`.",
        ),
        sa.Column(
            "measures", sa.ARRAY(sa.Text()), nullable=False, comment="What is counted in it."
        ),
        sa.Column(
            "passed",
            sa.Uuid(),
            nullable=True,
            comment="From facts: the last contact that is counted in it.",
        ),
        sa.Column("contacts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "consumed_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="From topics: since when they are consumed again; null: they are not yet.",
        ),
        sa.Column(
            "begun_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "completed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="The newest that is complete is read; at most one is not complete.",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_generation")),
    )
    op.create_table(
        "held_topic",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column(
            "xid", Xid8(), nullable=False, comment="The topic's own cursor, with the position."
        ),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why it takes nothing."),
        sa.Column("parked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "held_since",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_held_topic")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "origin",
            sa.Text(),
            nullable=True,
            comment="topic/partition/offset, where duplicates are asked for",
        ),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="Rises with each new holder."),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_lease_name_number")),
    )
    op.create_table(
        "outbox",
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True, comment="Of an event; null: a dead letter."),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column(
            "headers",
            sa.LargeBinary(),
            nullable=True,
            comment="Of a dead letter; MessagePack: [[name, bytes], …]",
        ),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(type is null) <> (headers is null)", name=op.f("ck_outbox_event_or_dead_letter")
        ),
        sa.PrimaryKeyConstraint("xid", "position", name=op.f("pk_outbox")),
    )
    op.create_table(
        "published",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("base_offset", sa.BigInteger(), nullable=False),
        sa.Column("positions", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint(
            "topic", "partition", "base_offset", "published_at", name=op.f("pk_published")
        ),
    )
    op.create_index("ix_published_published_at", "published", ["published_at"], unique=False)
    op.create_table(
        "relay_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column(
            "cluster",
            sa.BigInteger(),
            nullable=True,
            comment="Whose transaction ids: its system identifier.",
        ),
        sa.Column(
            "deleted_xid",
            Xid8(),
            server_default=sa.text("'0'"),
            nullable=False,
            comment="With the position: rows up to here may have been deleted, none behind it.",
        ),
        sa.Column("deleted_position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay_cursor")),
    )
    op.create_table(
        "rollup",
        sa.Column(
            "generation",
            sa.BigInteger(),
            nullable=False,
            comment="0: counted from the first event on.",
        ),
        sa.Column(
            "period_start",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="A full quarter of an hour, UTC.",
        ),
        sa.Column("queue_id", sa.Text(), nullable=False, comment="`-`: not queued yet."),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "generation",
            "period_start",
            "queue_id",
            "channel",
            "measure",
            "bucket",
            name=op.f("pk_rollup"),
        ),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "stream",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_stream")),
    )
    op.create_table(
        "watermark",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("generation", "topic", name=op.f("pk_watermark")),
    )
    # A replay and a rebuild empty them at once, as a user that may delete each row and owns no table.
    op.execute("grant truncate on inbox, fact to pg_write_all_data")


def downgrade() -> None:
    op.drop_table("watermark")
    op.drop_table("stream")
    op.drop_table("rollup")
    op.drop_table("relay_cursor")
    op.drop_index("ix_published_published_at", table_name="published")
    op.drop_table("published")
    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_index("ix_inbox_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("held_topic")
    op.drop_table("dead_letter_limit")
    op.drop_table("generation")
    op.drop_table("fact")
