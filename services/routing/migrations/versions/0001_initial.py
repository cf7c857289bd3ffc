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
        "agent",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("languages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("authorities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False, comment="Offers let expire in a row."),
        sa.CheckConstraint(
            "presence in ('ready', 'away', 'offline')", name=op.f("ck_agent_presence_known")
        ),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_agent")),
    )
    op.create_table(
        "customer",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("value_tier", sa.Text(), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), nullable=False, comment="The newest change that was consumed."
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False
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
        "message",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("inbound", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=True,
            comment="Why we wrote; null for what the customer wrote.",
        ),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "body",
            sa.Text(),
            nullable=True,
            comment="Null where another service wrote it and sent it.",
        ),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "inbound = (state = 'received')", name=op.f("ck_message_inbound_is_received")
        ),
        sa.CheckConstraint(
            "kind in ('acknowledgement', 'reply', 'check_in')", name=op.f("ck_message_kind_known")
        ),
        sa.CheckConstraint(
            "state in ('received', 'requested', 'sent', 'failed')",
            name=op.f("ck_message_state_known"),
        ),
        sa.CheckConstraint("inbound = (kind is null)", name=op.f("ck_message_outbound_has_a_kind")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_contact_id"), "message", ["contact_id"], unique=False)
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
        sa.Column(
            "card",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The queue as it is published, without forecast.",
        ),
        sa.Column(
            "forecast",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="The forecast as it was last published.",
        ),
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
        "agent_slot",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.CheckConstraint("slot >= 1", name=op.f("ck_agent_slot_slot_counts_from_one")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_agent_slot_agent_id_agent")
        ),
        sa.PrimaryKeyConstraint("agent_id", "channel", "slot", name=op.f("pk_agent_slot")),
    )
    op.create_table(
        "authority_day",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind in ('refund', 'credit', 'replacement', 'exception')",
            name=op.f("ck_authority_day_kind_known"),
        ),
        sa.CheckConstraint(
            "spent between 0 and budget", name=op.f("ck_authority_day_spent_within_budget")
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_authority_day_agent_id_agent")
        ),
        sa.PrimaryKeyConstraint(
            "day", "agent_id", "kind", "currency", name=op.f("pk_authority_day")
        ),
    )
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("value_tier", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("promise_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("need_kind", sa.Text(), nullable=True),
        sa.Column("need_amount", sa.BigInteger(), nullable=True),
        sa.Column("need_currency", sa.Text(), nullable=True),
        sa.Column("queue_id", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("precedence", sa.Boolean(), nullable=False),
        sa.Column("preferred_agent", sa.Text(), nullable=True),
        sa.Column(
            "declined",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="By agent: times, and ask_again_at.",
        ),
        sa.Column(
            "excluded", sa.Text(), nullable=False, comment="Agents' ids, with blanks between."
        ),
        sa.Column("assignments", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("resolution_id", sa.Uuid(), nullable=True),
        sa.Column(
            "returns_to",
            sa.Text(),
            nullable=True,
            comment="Its state before the customer wrote after a claim.",
        ),
        sa.Column("trace_parent", sa.Text(), nullable=True),
        sa.Column("trace_state", sa.Text(), nullable=True),
        sa.Column(
            "match_group",
            sa.Text(),
            nullable=False,
            comment="Contacts that ask the same of an agent.",
        ),
        sa.CheckConstraint(
            "state in ('recorded', 'unplaced') or (queue_id is not null and queued_at is not null)",
            name=op.f("ck_contact_placed_has_queue"),
        ),
        sa.CheckConstraint(
            "returns_to is null or (returns_to in ('resolved', 'closed') and state in ('waiting', 'offered', 'assigned'))",
            name=op.f("ck_contact_owed_a_word_while_open"),
        ),
        sa.CheckConstraint(
            "state in ('recorded', 'unplaced', 'waiting', 'offered', 'assigned', 'resolved', 'closed')",
            name=op.f("ck_contact_state_known"),
        ),
        sa.CheckConstraint(
            "num_nulls(need_kind, need_amount, need_currency) in (0, 3)",
            name=op.f("ck_contact_need_is_whole"),
        ),
        sa.CheckConstraint("priority between 1 and 9", name=op.f("ck_contact_priority_range")),
        sa.ForeignKeyConstraint(
            ["preferred_agent"], ["agent.agent_id"], name=op.f("fk_contact_preferred_agent_agent")
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.queue_id"], name=op.f("fk_contact_queue_id_queue")
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_customer_id"), "contact", ["customer_id"], unique=False)
    op.create_index(
        "ix_contact_declined",
        "contact",
        ["queue_id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting' and declined <> '{}'"),
    )
    op.create_index(
        "ix_contact_unplaced",
        "contact",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'unplaced'"),
    )
    op.create_index(
        "ix_contact_waiting",
        "contact",
        [
            "match_group",
            sa.literal_column("precedence desc"),
            "promise_due_at",
            "priority",
            "received_at",
            "contact_id",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "action",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("action_limit", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('refund', 'credit', 'replacement', 'exception')",
            name=op.f("ck_action_kind_known"),
        ),
        sa.CheckConstraint(
            "amount between 1 and action_limit", name=op.f("ck_action_amount_within_limit")
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_action_agent_id_agent")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_action_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_contact_id"), "action", ["contact_id"], unique=False)
    op.create_table(
        "help_step",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step in ('hear', 'empathise', 'lead', 'provide')", name=op.f("ck_help_step_step_known")
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_help_step_agent_id_agent")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_help_step_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_help_step")),
    )
    op.create_index(op.f("ix_help_step_contact_id"), "help_step", ["contact_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_note_agent_id_agent")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_note_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_contact_id"), "note", ["contact_id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("need_kind", sa.Text(), nullable=True),
        sa.Column("need_amount", sa.BigInteger(), nullable=True),
        sa.Column("need_currency", sa.Text(), nullable=True),
        sa.Column(
            "authority_limit",
            sa.BigInteger(),
            nullable=True,
            comment="What the agent could grant when it was made.",
        ),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrap_up_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'wrapping') <= (wrap_up_ends_at is not null)",
            name=op.f("ck_offer_wrapping_has_an_end"),
        ),
        sa.CheckConstraint(
            "(state in ('open', 'accepted', 'wrapping')) = (ended_at is null)",
            name=op.f("ck_offer_live_has_no_end"),
        ),
        sa.CheckConstraint(
            "(state in ('open', 'accepted', 'wrapping')) = (slot is not null)",
            name=op.f("ck_offer_live_holds_a_slot"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'wrapping', 'declined', 'expired', 'withdrawn', 'resolved', 'transferred', 'escalated', 'nothing_new')",
            name=op.f("ck_offer_state_known"),
        ),
        sa.CheckConstraint(
            "state not in ('accepted', 'wrapping') or accepted_at is not null",
            name=op.f("ck_offer_accepted_has_time"),
        ),
        sa.CheckConstraint(
            "need_amount is null or coalesce(authority_limit, 0) >= need_amount",
            name=op.f("ck_offer_authority_covers_need"),
        ),
        sa.CheckConstraint(
            "num_nulls(need_kind, need_amount, need_currency) in (0, 3)",
            name=op.f("ck_offer_need_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["agent_id", "channel", "slot"],
            ["agent_slot.agent_id", "agent_slot.channel", "agent_slot.slot"],
            name=op.f("fk_offer_agent_id_channel_slot_agent_slot"),
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_offer_agent_id_agent")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_offer_contact_id_contact")
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.queue_id"], name=op.f("fk_offer_queue_id_queue")
        ),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offer")),
    )
    op.create_index(op.f("ix_offer_contact_id"), "offer", ["contact_id"], unique=False)
    op.create_index(
        "ix_offer_open",
        "offer",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_offer_taken",
        "offer",
        ["queue_id", sa.literal_column("accepted_at desc")],
        unique=False,
        postgresql_where=sa.text("accepted_at is not null"),
    )
    op.create_index(
        "ix_offer_wrapping",
        "offer",
        ["wrap_up_ends_at"],
        unique=False,
        postgresql_where=sa.text("state = 'wrapping'"),
    )
    op.create_index(
        "uq_offer_live_contact",
        "offer",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("slot is not null"),
    )
    op.create_index(
        "uq_offer_live_slot",
        "offer",
        ["agent_id", "channel", "slot"],
        unique=True,
        postgresql_where=sa.text("slot is not null"),
    )
    op.create_table(
        "resolution",
        sa.Column("resolution_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("queue_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome in ('solved', 'advice', 'elsewhere', 'not_for_you')",
            name=op.f("ck_resolution_outcome_known"),
        ),
        sa.CheckConstraint(
            "settled in ('confirmed', 'refuted', 'unrefuted')",
            name=op.f("ck_resolution_settled_known"),
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.agent_id"], name=op.f("fk_resolution_agent_id_agent")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_resolution_contact_id_contact")
        ),
        sa.PrimaryKeyConstraint("resolution_id", name=op.f("pk_resolution")),
    )
    op.create_index(op.f("ix_resolution_contact_id"), "resolution", ["contact_id"], unique=False)
    op.create_index("uq_resolution_number", "resolution", ["contact_id", "number"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_resolution_number", table_name="resolution")
    op.drop_index(op.f("ix_resolution_contact_id"), table_name="resolution")
    op.drop_table("resolution")
    op.drop_index(
        "uq_offer_live_slot", table_name="offer", postgresql_where=sa.text("slot is not null")
    )
    op.drop_index(
        "uq_offer_live_contact", table_name="offer", postgresql_where=sa.text("slot is not null")
    )
    op.drop_index(
        "ix_offer_wrapping", table_name="offer", postgresql_where=sa.text("state = 'wrapping'")
    )
    op.drop_index(
        "ix_offer_taken", table_name="offer", postgresql_where=sa.text("accepted_at is not null")
    )
    op.drop_index("ix_offer_open", table_name="offer", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_offer_contact_id"), table_name="offer")
    op.drop_table("offer")
    op.drop_index(op.f("ix_note_contact_id"), table_name="note")
    op.drop_table("note")
    op.drop_index(op.f("ix_help_step_contact_id"), table_name="help_step")
    op.drop_table("help_step")
    op.drop_index(op.f("ix_action_contact_id"), table_name="action")
    op.drop_table("action")
    op.drop_index(
        "ix_contact_waiting", table_name="contact", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_index(
        "ix_contact_declined",
        table_name="contact",
        postgresql_where=sa.text("state = 'waiting' and declined <> '{}'"),
    )
    op.drop_index(
        "ix_contact_unplaced", table_name="contact", postgresql_where=sa.text("state = 'unplaced'")
    )
    op.drop_index(op.f("ix_contact_customer_id"), table_name="contact")
    op.drop_table("contact")
    op.drop_table("authority_day")
    op.drop_table("agent_slot")
    op.drop_table("stream")
    op.drop_table("relay_cursor")
    op.drop_table("queue")
    op.drop_index("ix_published_published_at", table_name="published")
    op.drop_table("published")
    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_index(op.f("ix_message_contact_id"), table_name="message")
    op.drop_table("message")
    op.drop_index("ix_inbox_received_at", table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("held_topic")
    op.drop_index("ix_expired_contact_expired_at", table_name="expired_contact")
    op.drop_table("expired_contact")
    op.drop_table("dead_letter_limit")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("customer")
    op.drop_table("agent")
