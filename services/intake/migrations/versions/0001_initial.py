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
        "customer",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("value_tier", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
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
        "queue",
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("queue_id", name=op.f("pk_queue")),
    )
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
        "quarantine_overflow",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("first_offset", sa.BigInteger(), nullable=False),
        sa.Column("last_offset", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_quarantine_overflow_count")),
        sa.CheckConstraint(
            "first_offset <= last_offset", name=op.f("ck_quarantine_overflow_offsets")
        ),
        sa.PrimaryKeyConstraint(
            "topic", "partition", "channel", "reason", name=op.f("pk_quarantine_overflow")
        ),
    )
    op.create_table(
        "tally",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("deduplicated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "received = stored + quarantined + deduplicated", name=op.f("ck_tally_adds_up")
        ),
        sa.PrimaryKeyConstraint("channel", "shard", name=op.f("pk_tally")),
    )
    op.create_table(
        "topic_rule",
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("words", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "recipient is not null or cardinality(words) > 0 or language is not null",
            name=op.f("ck_topic_rule_asks"),
        ),
        sa.PrimaryKeyConstraint("rank", name=op.f("pk_topic_rule")),
    )
    op.create_table(
        "contact_point",
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("address <> ''", name=op.f("ck_contact_point_address")),
        sa.CheckConstraint(
            "kind in ('email', 'phone', 'handle')", name=op.f("ck_contact_point_kind")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.customer_id"],
            name=op.f("fk_contact_point_customer_id_customer"),
        ),
        sa.PrimaryKeyConstraint("contact_point_id", name=op.f("pk_contact_point")),
        sa.UniqueConstraint(
            "customer_id",
            "contact_point_id",
            name=op.f("uq_contact_point_customer_id_contact_point_id"),
        ),
        sa.UniqueConstraint("kind", "address", name=op.f("uq_contact_point_kind_address")),
    )
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=True),
        sa.Column(
            "need", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "active_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When something last happened, at the newest look; null: nobody has looked.",
        ),
        sa.CheckConstraint("priority between 1 and 9", name=op.f("ck_contact_priority")),
        sa.ForeignKeyConstraint(
            ["customer_id", "contact_point_id"],
            ["contact_point.customer_id", "contact_point.contact_point_id"],
            name=op.f("fk_contact_customer_id_contact_point_id_contact_point"),
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
    )
    op.create_index(
        "ix_contact_active_at",
        "contact",
        [sa.literal_column("coalesce(active_at, received_at)")],
        unique=False,
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("full_text", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("arrival_key", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("mail_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "trace", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint(
            "(coalesce(state, '') = 'failed') = (reason is not null)",
            name=op.f("ck_message_reason"),
        ),
        sa.CheckConstraint(
            "(coalesce(state, '') = 'queued') = (next_attempt_at is not null)",
            name=op.f("ck_message_queued_is_due"),
        ),
        sa.CheckConstraint(
            "(coalesce(state, '') in ('sent', 'failed')) = (settled_at is not null)",
            name=op.f("ck_message_settled"),
        ),
        sa.CheckConstraint(
            "kind in ('acknowledgement', 'reply', 'check_in')", name=op.f("ck_message_kind")
        ),
        sa.CheckConstraint("state in ('queued', 'sent', 'failed')", name=op.f("ck_message_state")),
        sa.CheckConstraint(
            "(arrival_key is null) <> (state is null)", name=op.f("ck_message_direction")
        ),
        sa.CheckConstraint(
            "(arrival_key is null) = (digest is null)", name=op.f("ck_message_digest")
        ),
        sa.CheckConstraint(
            "(channel is null) = (contact_point_id is null)", name=op.f("ck_message_contact_point")
        ),
        sa.CheckConstraint(
            "channel is not null or coalesce(state, '') = 'failed'",
            name=op.f("ck_message_reachable"),
        ),
        sa.CheckConstraint(
            "(state is null) = (kind is null)", name=op.f("ck_message_outbound_kind")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_message_contact_id_contact")
        ),
        sa.ForeignKeyConstraint(
            ["contact_point_id"],
            ["contact_point.contact_point_id"],
            name=op.f("fk_message_contact_point_id_contact_point"),
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message")),
        sa.UniqueConstraint("arrival_key", name=op.f("uq_message_arrival_key")),
    )
    op.create_index(op.f("ix_message_contact_id"), "message", ["contact_id"], unique=False)
    op.create_index(
        "ix_message_due",
        "message",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_message_mail_id",
        "message",
        ["mail_id"],
        unique=False,
        postgresql_where=sa.text("mail_id is not null"),
    )
    op.create_index(
        "uq_message_acknowledgement",
        "message",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'acknowledgement'"),
    )
    op.create_table(
        "promise",
        sa.Column("promise_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "trace", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint("basis in ('forecast', 'target')", name=op.f("ck_promise_basis")),
        sa.CheckConstraint(
            "outcome <> 'broken' or settled_at >= due_at", name=op.f("ck_promise_too_late")
        ),
        sa.CheckConstraint(
            "outcome in ('beaten', 'kept', 'broken', 'renegotiated', 'void')",
            name=op.f("ck_promise_outcome"),
        ),
        sa.CheckConstraint(
            "outcome not in ('beaten', 'kept') or settled_at <= due_at",
            name=op.f("ck_promise_in_time"),
        ),
        sa.CheckConstraint(
            "(outcome is null) = (settled_at is null)", name=op.f("ck_promise_settled")
        ),
        sa.CheckConstraint("due_at > made_at", name=op.f("ck_promise_due")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_promise_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("promise_id", name=op.f("pk_promise")),
    )
    op.create_index(op.f("ix_promise_contact_id"), "promise", ["contact_id"], unique=False)
    op.create_index(
        "ix_promise_due",
        "promise",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("outcome is null"),
    )
    op.create_index(
        "uq_promise_open",
        "promise",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("outcome is null"),
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("arrival_key", sa.Uuid(), nullable=True),
        sa.CheckConstraint("source in ('smtp', 'inbox')", name=op.f("ck_quarantine_source")),
        sa.CheckConstraint(
            "(replayed_at is null) = (contact_id is null)", name=op.f("ck_quarantine_replayed")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_quarantine_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        "ix_quarantine_page", "quarantine", ["received_at", "quarantine_id"], unique=False
    )
    op.create_index(
        "ix_quarantine_waiting",
        "quarantine",
        ["source"],
        unique=False,
        postgresql_where=sa.text("replayed_at is null"),
    )
    op.create_index(
        "ix_quarantine_contact_id",
        "quarantine",
        ["contact_id"],
        unique=False,
        postgresql_where=sa.text("contact_id is not null"),
    )
    op.create_index(
        "ix_quarantine_arrival_key",
        "quarantine",
        ["arrival_key"],
        unique=False,
        postgresql_where=sa.text("arrival_key is not null"),
    )
    op.create_table(
        "attachment",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_attachment_digest")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.message_id"], name=op.f("fk_attachment_message_id_message")
        ),
        sa.PrimaryKeyConstraint("message_id", "position", name=op.f("pk_attachment")),
    )


def downgrade() -> None:
    op.drop_table("attachment")
    op.drop_index(
        "ix_quarantine_arrival_key",
        table_name="quarantine",
        postgresql_where=sa.text("arrival_key is not null"),
    )
    op.drop_index("ix_quarantine_page", table_name="quarantine")
    op.drop_index(
        "ix_quarantine_waiting",
        table_name="quarantine",
        postgresql_where=sa.text("replayed_at is null"),
    )
    op.drop_index(
        "ix_quarantine_contact_id",
        table_name="quarantine",
        postgresql_where=sa.text("contact_id is not null"),
    )
    op.drop_table("quarantine")
    op.drop_index(
        "uq_promise_open", table_name="promise", postgresql_where=sa.text("outcome is null")
    )
    op.drop_index(
        "ix_promise_due", table_name="promise", postgresql_where=sa.text("outcome is null")
    )
    op.drop_index(op.f("ix_promise_contact_id"), table_name="promise")
    op.drop_table("promise")
    op.drop_index(
        "uq_message_acknowledgement",
        table_name="message",
        postgresql_where=sa.text("kind = 'acknowledgement'"),
    )
    op.drop_index(
        "ix_message_mail_id", table_name="message", postgresql_where=sa.text("mail_id is not null")
    )
    op.drop_index(
        "ix_message_due", table_name="message", postgresql_where=sa.text("state = 'queued'")
    )
    op.drop_index(op.f("ix_message_contact_id"), table_name="message")
    op.drop_table("message")
    op.drop_index(op.f("ix_contact_customer_id"), table_name="contact")
    op.drop_index("ix_contact_active_at", table_name="contact")
    op.drop_table("contact")
    op.drop_table("contact_point")
    op.drop_table("topic_rule")
    op.drop_table("tally")
    op.drop_table("quarantine_overflow")
    op.drop_table("stream")
    op.drop_table("relay_cursor")
    op.drop_table("queue")
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
