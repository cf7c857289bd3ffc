"""The table of the limit of dead letters: what each consumer group has put aside lately, and its pause."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

_NONE = text("0")


def make_dead_letter_limit_table(metadata: MetaData) -> None:
    """Add the limit to a service's own tables; a group has a row since its first dead letter."""
    Table(
        "dead_letter_limit",
        metadata,
        Column("consumer_group", Text, primary_key=True),
        Column("began_at", DateTime(timezone=True), nullable=False),
        Column("dead", Integer, nullable=False, server_default=_NONE, comment="Since `began_at`."),
        Column("sample", Integer, nullable=False, server_default=_NONE, comment="Records seen."),
        Column("sample_dead", Double, nullable=False, server_default=_NONE),
        Column("paused_at", DateTime(timezone=True)),
        Column("paused_because", Text),
        CheckConstraint(
            "(paused_at is null) = (paused_because is null)", name="paused_for_a_reason"
        ),
    )
