"""The inbox's own tables: the marks of what was consumed, and the contacts that are gone."""

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Text, Uuid, text


def make_inbox_table(metadata: MetaData) -> None:
    """Add the inbox to a service's own tables."""
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("origin", Text, comment="topic/partition/offset, where duplicates are asked for"),
        Column(
            "received_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=text("clock_timestamp()"),
        ),
        Index("ix_inbox_received_at", "received_at"),
    )


def make_expired_contact_table(metadata: MetaData) -> None:
    """Add the contacts that have expired to the tables of a service that keeps something of contacts."""
    Table(
        "expired_contact",
        metadata,
        Column("contact_id", Uuid, primary_key=True),
        Column(
            "expired_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=text("clock_timestamp()"),
        ),
        Index("ix_expired_contact_expired_at", "expired_at"),
    )
