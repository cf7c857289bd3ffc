"""The inbox's own table: the marks of what was consumed."""

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
