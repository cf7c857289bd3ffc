"""The table of idempotency keys. Apart from its statements, because only migrations need it."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)


def make_idempotency_table(metadata: MetaData) -> None:
    """Add the table to a service's own."""
    Table(
        "idempotency_keys",
        metadata,
        Column("caller", Text, nullable=False),
        Column("route", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", SmallInteger, nullable=False),
        Column("answer", LargeBinary, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("caller", "route", "key"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )
