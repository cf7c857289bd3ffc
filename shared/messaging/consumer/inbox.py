"""The inbox: an event's effect happens once, because its mark and its effect are one transaction."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid, text

from shared.database.database import Tx

# In sorted order, so that two batches with the same events wait for each other and never in a circle.
MARK = """
insert into inbox (event_id) select distinct id from unnest($1::uuid[]) as id order by id
on conflict do nothing returning event_id
"""


def make_inbox_table(metadata: MetaData) -> None:
    """Add the inbox to a service's own tables."""
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column(
            "received_at",
            DateTime(timezone=True),
            nullable=False,
            server_default=text("clock_timestamp()"),
        ),
        Index("ix_inbox_received_at", "received_at", postgresql_using="brin"),
    )


async def first_time(tx: Tx, ids: Iterable[UUID]) -> set[UUID]:
    """Mark the ids as taken and return those that never were before. One statement."""
    return {row[0] for row in await tx.fetch(MARK, list(ids))}
