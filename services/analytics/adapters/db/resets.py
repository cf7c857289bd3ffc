"""What is removed so that the topics can be consumed again. Each waits for batches to end."""

from shared.database.database import Tx


async def clear_inbox(tx: Tx) -> None:
    """Remove the ids of consumed events, so that each may have its effect again."""
    await tx.execute("truncate inbox")


async def clear_all(tx: Tx) -> None:
    """Remove everything that was consumed and counted."""
    await tx.execute("truncate inbox, fact, rollup, watermark")
