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
        "contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("value_tier", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=True),
        sa.Column(
            "trace",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="The trace context the contact was received with.",
        ),
        sa.CheckConstraint(
            "num_nulls(customer_id, channel, language, time_zone, value_tier, automatic) in (0, 6)",
            name=op.f("ck_contact_received_wholly_or_not_yet"),
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_table(
        "customer",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer")),
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
        "expired_contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "expired_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_expired_contact")),
    )
    op.create_index(
        "ix_expired_contact_expired_at", "expired_contact", ["expired_at"], unique=False
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
        "stream",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_stream")),
    )
    op.create_table(
        "check_in",
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("csat", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skipped_reason", sa.Text(), nullable=True),
        sa.Column(
            "word_owed",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="The customer wrote after the claim, and no agent has said yet what that is.",
        ),
        sa.Column("nothing_new_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "still_open",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="An agent says that it is.",
        ),
        sa.Column("reopened", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "not still_open or (not word_owed and state in ('waiting', 'refuted', 'skipped'))",
            name=op.f("ck_check_in_still_open_refutes"),
        ),
        sa.CheckConstraint(
            "(state in ('confirmed', 'refuted', 'unrefuted')) = (settled_at is not null)",
            name=op.f("ck_check_in_settled"),
        ),
        sa.CheckConstraint(
            "case state when 'skipped' then num_nulls(skipped_at, skipped_reason) = 0 else num_nonnulls(skipped_at, skipped_reason) = 0 end",
            name=op.f("ck_check_in_skipped"),
        ),
        sa.CheckConstraint(
            "case when state = 'waiting' then due_at is null when state = 'skipped' or still_open then true else due_at is not null end",
            name=op.f("ck_check_in_due"),
        ),
        sa.CheckConstraint(
            "case when state in ('confirmed', 'refuted') and not still_open then comment is not null else num_nonnulls(csat, comment) = 0 end",
            name=op.f("ck_check_in_answer"),
        ),
        sa.CheckConstraint(
            "case when state in ('waiting', 'scheduled') then num_nonnulls(message_id, sent_at, closes_at) = 0 when state = 'skipped' or still_open then num_nulls(message_id, sent_at, closes_at) in (0, 3) else num_nulls(message_id, sent_at, closes_at) = 0 end",
            name=op.f("ck_check_in_sent"),
        ),
        sa.CheckConstraint(
            "skipped_reason in ('reopened', 'superseded', 'automatic', 'undeliverable')",
            name=op.f("ck_check_in_skipped_reason"),
        ),
        sa.CheckConstraint(
            "state <> 'unrefuted' or settled_at >= closes_at",
            name=op.f("ck_check_in_waited_to_the_end"),
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'scheduled', 'sent', 'confirmed', 'refuted', 'unrefuted', 'skipped')",
            name=op.f("ck_check_in_state"),
        ),
        sa.CheckConstraint(
            "state not in ('confirmed', 'refuted') or still_open or settled_at < closes_at",
            name=op.f("ck_check_in_answered_in_time"),
        ),
        sa.CheckConstraint("closes_at > sent_at", name=op.f("ck_check_in_window")),
        sa.CheckConstraint("csat between 1 and 5", name=op.f("ck_check_in_csat")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_check_in_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("check_in_id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("resolution_id", name=op.f("uq_check_in_resolution_id")),
    )
    op.create_index(
        "ix_check_in_closing",
        "check_in",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text("state = 'sent' and not word_owed"),
    )
    op.create_index("ix_check_in_contact_id", "check_in", ["contact_id"], unique=False)
    op.create_index(
        "ix_check_in_due",
        "check_in",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'scheduled' and not word_owed"),
    )
    op.create_index(
        "uq_check_in_one_open_per_contact",
        "check_in",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("state in ('scheduled', 'sent')"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_check_in_one_open_per_contact",
        table_name="check_in",
        postgresql_where=sa.text("state in ('scheduled', 'sent')"),
    )
    op.drop_index(
        "ix_check_in_due",
        table_name="check_in",
        postgresql_where=sa.text("state = 'scheduled' and not word_owed"),
    )
    op.drop_index("ix_check_in_contact_id", table_name="check_in")
    op.drop_index(
        "ix_check_in_closing",
        table_name="check_in",
        postgresql_where=sa.text("state = 'sent' and not word_owed"),
    )
    op.drop_table("check_in")
    op.drop_table("stream")
    op.drop_table("relay_cursor")
    op.drop_index("ix_published_published_at", table_name="published")
    op.drop_table("published")
    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_index("ix_inbox_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("held_topic")
    op.drop_index("ix_expired_contact_expired_at", table_name="expired_contact")
    op.drop_table("expired_contact")
    op.drop_table("dead_letter_limit")
    op.drop_table("customer")
    op.drop_index(op.f("ix_contact_customer_id"), table_name="contact")
    op.drop_table("contact")
