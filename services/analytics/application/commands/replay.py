"""Consume the topics again, over what is known. Consuming twice changes nothing, so this is always safe."""

from collections.abc import Sequence

from services.analytics.adapters.db import resets
from shared.database.database import Tx
from shared.messaging.kafka import start_over
from shared.messaging.outbox.use_case import Result
from shared.settings import KafkaSettings


async def replay(
    tx: Tx, *, kafka: KafkaSettings, group: str, topics: Sequence[str]
) -> Result[None]:
    """Let the group begin anew. A worker that starts too early waits for this transaction.

    Raises `Conflict` while workers are running.
    """
    await resets.clear_inbox(tx)
    await start_over(kafka, group, topics)
    return Result(None)
