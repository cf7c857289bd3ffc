"""The outbox's own tables: the rows, the counters of `seq`, the relay's cursor, and where rows went."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from shared.database.base import Xid8

_THIS_TRANSACTION = text("pg_current_xact_id()")
_NOW = text("clock_timestamp()")
_DELETED = "With the position: rows up to here may have been deleted, none behind it."


def make_outbox_tables(metadata: MetaData) -> None:
    """Add the outbox, its counters and what the relay keeps to a service's own tables."""
    Table(
        "outbox",
        metadata,
        Column("xid", Xid8, nullable=False, server_default=_THIS_TRANSACTION),
        Column("position", BigInteger, Identity(always=True), nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary),
        Column("type", Text, comment="Of an event; null: a dead letter."),
        Column("traceparent", Text),
        Column("headers", LargeBinary, comment="Of a dead letter; MessagePack: [[name, bytes], …]"),
        Column("value", LargeBinary),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("xid", "position"),
        CheckConstraint("(type is null) <> (headers is null)", name="event_or_dead_letter"),
    )
    Table(
        "stream",
        metadata,
        Column("subject", Text, primary_key=True),
        Column("seq", BigInteger, nullable=False),
        Column("xid", Xid8, nullable=False),
    )
    _make_relay_tables(metadata)


def _make_relay_tables(metadata: MetaData) -> None:
    Table(
        "relay_cursor",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("xid", Xid8, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("cluster", BigInteger, comment="Whose transaction ids: its system identifier."),
        Column("deleted_xid", Xid8, nullable=False, server_default=text("'0'"), comment=_DELETED),
        Column("deleted_position", BigInteger, nullable=False, server_default=text("0")),
    )
    Table(
        "held_topic",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("xid", Xid8, nullable=False, comment="The topic's own cursor, with the position."),
        Column("position", BigInteger, nullable=False),
        Column("reason", Text, nullable=False, comment="Why it takes nothing."),
        Column("parked", Boolean, nullable=False, server_default=text("false")),
        Column("held_since", DateTime(timezone=True), nullable=False, server_default=_NOW),
    )
    Table(
        "published",
        metadata,
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("base_offset", BigInteger, nullable=False),
        Column("positions", ARRAY(BigInteger), nullable=False),
        Column("published_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("topic", "partition", "base_offset", "published_at"),
        Index("ix_published_published_at", "published_at"),
    )
