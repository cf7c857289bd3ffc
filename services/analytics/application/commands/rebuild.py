"""Forget everything and consume the topics again; what they no longer hold does not come back."""

from collections.abc import Sequence

from services.analytics.adapters.db import facts, resets
from shared.database.database import Tx
from shared.messaging.kafka import start_over
from shared.messaging.outbox.use_case import Result
from shared.settings import KafkaSettings


async def rebuild(
    tx: Tx, *, kafka: KafkaSettings, group: str, topics: Sequence[str]
) -> Result[int]:
    """Let the group begin anew, over nothing; how many contacts are forgotten.

    A worker that starts too early waits for this transaction. Raises `Conflict` while workers are running.
    """
    forgotten = await facts.count(tx)
    await resets.clear_all(tx)
    await start_over(kafka, group, topics)
    return Result(forgotten)
