"""Hear the topics again from their beginning. Hearing twice changes nothing, so this is always safe."""

from collections.abc import Sequence

from services.analytics.adapters import store
from shared.database.database import Database
from shared.messaging.kafka import start_over
from shared.settings import KafkaSettings


async def replay(
    database: Database,
    kafka: KafkaSettings,
    group: str,
    topics: Sequence[str],
    *,
    forget: bool = False,
) -> None:
    """Let the group begin anew, over what is known or, with `forget`, over nothing.

    What is forgotten comes back only as far as the topics still hold it. A worker that starts too
    early waits for this transaction. Raises `Conflict` while workers are at work.
    """
    async with database.transaction() as tx:
        await (store.forget_all(tx) if forget else store.forget_marks(tx))
        await start_over(kafka, group, topics)
