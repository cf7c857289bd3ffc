"""The tables of routing: what the schema forbids cannot happen, whatever the code does.

- The rows of `agent_slot` are an agent's capacity; a live offer holds one, and only one offer can.
- A contact has at most one live offer, since a live offer is the one with a slot.
- An offer's agent can grant what the contact needs; an action stays within its limit, a day within
  its budget.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.routing.domain.contact.messages import MessageState
from services.routing.domain.contact.model import ContactState, OfferState
from services.routing.domain.contact.settlements import ResolutionState
from services.routing.domain.matching.order import WAITING_ORDER, Direction
from shared.contracts.routing import HelpStep, Presence, ResolutionOutcome
from shared.contracts.values import AuthorityKind, MessageKind
from shared.database.base import new_metadata
from shared.http.tables import make_idempotency_table
from shared.jobs.tables import make_lease_table
from shared.messaging.consumer.tables import make_expired_contact_table, make_inbox_table
from shared.messaging.dead_letters.tables import make_dead_letter_limit_table
from shared.messaging.outbox.tables import make_outbox_tables

metadata: MetaData = new_metadata()
make_outbox_tables(metadata)
make_lease_table(metadata)
make_inbox_table(metadata)
make_expired_contact_table(metadata)
make_dead_letter_limit_table(metadata)
make_idempotency_table(metadata)


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _one_of(column: str, values: Any) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


def _contact_id() -> Column[Any]:
    return Column("contact_id", Uuid, ForeignKey("contact.contact_id"), nullable=False, index=True)


def _agent_id() -> Column[Any]:
    return Column("agent_id", Text, ForeignKey("agent.agent_id"), nullable=False)


_NEED_IS_WHOLE = "num_nulls(need_kind, need_amount, need_currency) in (0, 3)"
_LIVE = "state in ('open', 'accepted', 'wrapping')"

queue = Table(
    "queue",
    metadata,
    Column("queue_id", Text, primary_key=True),
    Column(
        "card", JSONB, nullable=False, comment="The queue as it is published, without forecast."
    ),
    Column("forecast", JSONB, comment="The forecast as it was last published."),
)

agent = Table(
    "agent",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("presence", Text, nullable=False),
    Column("skills", JSONB, nullable=False),
    Column("languages", JSONB, nullable=False),
    Column("authorities", JSONB, nullable=False),
    _time("changed_at"),
    _time("idle_since"),
    Column("missed", Integer, nullable=False, comment="Offers let expire in a row."),
    _one_of("presence", Presence),
)

agent_slot = Table(
    "agent_slot",
    metadata,
    _agent_id(),
    Column("channel", Text, nullable=False),
    Column("slot", Integer, nullable=False),
    PrimaryKeyConstraint("agent_id", "channel", "slot"),
    CheckConstraint("slot >= 1", name="slot_counts_from_one"),
)

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("value_tier", Text, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="The newest change that was consumed."),
)

contact = Table(
    "contact",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("customer_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("value_tier", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    _time("received_at"),
    Column("state", Text, nullable=False),
    _time("promise_due_at", nullable=True),
    Column("need_kind", Text),
    Column("need_amount", BigInteger),
    Column("need_currency", Text),
    Column("queue_id", Text, ForeignKey("queue.queue_id")),
    _time("queued_at", nullable=True),
    Column("precedence", Boolean, nullable=False),
    Column("preferred_agent", Text, ForeignKey("agent.agent_id")),
    Column("declined", JSONB, nullable=False, comment="By agent: times, and ask_again_at."),
    Column("excluded", Text, nullable=False, comment="Agents' ids, with blanks between."),
    Column("assignments", Integer, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("resolution_id", Uuid),
    Column("returns_to", Text, comment="Its state before the customer wrote after a claim."),
    Column("trace_parent", Text),
    Column("trace_state", Text),
    Column("match_group", Text, nullable=False, comment="Contacts that ask the same of an agent."),
    _one_of("state", ContactState),
    CheckConstraint(_NEED_IS_WHOLE, name="need_is_whole"),
    CheckConstraint("priority between 1 and 9", name="priority_range"),
    CheckConstraint(
        "state in ('recorded', 'unplaced') or (queue_id is not null and queued_at is not null)",
        name="placed_has_queue",
    ),
    CheckConstraint(
        "returns_to is null or (returns_to in ('resolved', 'closed')"
        " and state in ('waiting', 'offered', 'assigned'))",
        name="owed_a_word_while_open",
    ),
    Index(
        "ix_contact_waiting",
        "match_group",
        *(
            name if end is Direction.ASCENDING else text(f"{name} {end}")
            for name, end in WAITING_ORDER
        ),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_contact_declined",
        "queue_id",
        postgresql_where=text("state = 'waiting' and declined <> '{}'"),
    ),
    Index("ix_contact_unplaced", "received_at", postgresql_where=text("state = 'unplaced'")),
    Index(None, "customer_id"),
)

offer = Table(
    "offer",
    metadata,
    Column("offer_id", Uuid, primary_key=True),
    _contact_id(),
    _agent_id(),
    Column("queue_id", Text, ForeignKey("queue.queue_id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("slot", Integer),
    _time("queued_at"),
    _time("made_at"),
    _time("expires_at"),
    Column("need_kind", Text),
    Column("need_amount", BigInteger),
    Column("need_currency", Text),
    Column("authority_limit", BigInteger, comment="What the agent could grant when it was made."),
    _time("accepted_at", nullable=True),
    _time("resolved_at", nullable=True),
    _time("wrap_up_ends_at", nullable=True),
    _time("ended_at", nullable=True),
    ForeignKeyConstraint(
        ["agent_id", "channel", "slot"],
        ["agent_slot.agent_id", "agent_slot.channel", "agent_slot.slot"],
    ),
    _one_of("state", OfferState),
    CheckConstraint(f"({_LIVE}) = (slot is not null)", name="live_holds_a_slot"),
    CheckConstraint(f"({_LIVE}) = (ended_at is null)", name="live_has_no_end"),
    CheckConstraint(
        "state not in ('accepted', 'wrapping') or accepted_at is not null", name="accepted_has_time"
    ),
    CheckConstraint(
        "(state = 'wrapping') <= (wrap_up_ends_at is not null)", name="wrapping_has_an_end"
    ),
    CheckConstraint(_NEED_IS_WHOLE, name="need_is_whole"),
    CheckConstraint(
        "need_amount is null or coalesce(authority_limit, 0) >= need_amount",
        name="authority_covers_need",
    ),
    Index(
        "uq_offer_live_slot",
        "agent_id",
        "channel",
        "slot",
        unique=True,
        postgresql_where=text("slot is not null"),
    ),
    Index(
        "uq_offer_live_contact",
        "contact_id",
        unique=True,
        postgresql_where=text("slot is not null"),
    ),
    Index("ix_offer_open", "expires_at", postgresql_where=text("state = 'open'")),
    Index("ix_offer_wrapping", "wrap_up_ends_at", postgresql_where=text("state = 'wrapping'")),
    Index(
        "ix_offer_taken",
        "queue_id",
        text("accepted_at desc"),
        postgresql_where=text("accepted_at is not null"),
    ),
)

message = Table(
    "message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False, index=True),
    Column("inbound", Boolean, nullable=False),
    Column("kind", Text, comment="Why we wrote; null for what the customer wrote."),
    Column("agent_id", Text),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, comment="Null where another service wrote it and sent it."),
    _time("written_at"),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    _one_of("state", MessageState),
    CheckConstraint("inbound = (state = 'received')", name="inbound_is_received"),
    CheckConstraint("inbound = (kind is null)", name="outbound_has_a_kind"),
    _one_of("kind", MessageKind),
)

help_step = Table(
    "help_step",
    metadata,
    Column("step_id", Uuid, primary_key=True),
    _contact_id(),
    _agent_id(),
    Column("step", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    _time("recorded_at"),
    _one_of("step", HelpStep),
)

note = Table(
    "note",
    metadata,
    Column("note_id", Uuid, primary_key=True),
    _contact_id(),
    _agent_id(),
    Column("body", Text, nullable=False),
    _time("written_at"),
)

action = Table(
    "action",
    metadata,
    Column("action_id", Uuid, primary_key=True),
    _contact_id(),
    _agent_id(),
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("action_limit", BigInteger, nullable=False),
    _time("taken_at"),
    _one_of("kind", AuthorityKind),
    CheckConstraint("amount between 1 and action_limit", name="amount_within_limit"),
)

authority_day = Table(
    "authority_day",
    metadata,
    _agent_id(),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("budget", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "agent_id", "kind", "currency"),
    _one_of("kind", AuthorityKind),
    CheckConstraint("spent between 0 and budget", name="spent_within_budget"),
)

resolution = Table(
    "resolution",
    metadata,
    Column("resolution_id", Uuid, primary_key=True),
    _contact_id(),
    _agent_id(),
    Column("queue_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("number", Integer, nullable=False),
    _time("claimed_at"),
    Column("settled", Text),
    _time("settled_at", nullable=True),
    _one_of("outcome", ResolutionOutcome),
    _one_of("settled", ResolutionState),
    Index("uq_resolution_number", "contact_id", "number", unique=True),
)
