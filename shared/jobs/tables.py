"""The table of leases: who alone may act outside of the database."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, UniqueConstraint, Uuid


def make_lease_table(metadata: MetaData) -> None:
    """Add the leases to a service's own tables."""
    Table(
        "lease",
        metadata,
        Column("name", Text, primary_key=True),
        Column("holder", Uuid, nullable=False),
        Column("number", BigInteger, nullable=False, comment="Rises with each new holder."),
        Column("expires_at", DateTime(timezone=True), nullable=False),
        # A key, so that a new holder's update waits for those who share the old one's row.
        UniqueConstraint("name", "number"),
    )
