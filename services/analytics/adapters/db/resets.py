"""What is removed so that the topics can be consumed again: at once, and it waits for batches to end."""

from shared.database.database import Tx


async def forget_marks(tx: Tx) -> None:
    """Remove the ids of consumed events, so that each may have its effect again."""
    await tx.execute("truncate inbox")


async def forget_facts(tx: Tx) -> None:
    """Remove what is known of each contact, and the ids of the events that made it known."""
    await tx.execute("truncate inbox, fact")
