"""Let consumed events have their effect again, over what is known; doing it twice changes nothing."""

from services.analytics.adapters.db import resets
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result


async def forget_marks(tx: Tx) -> Result[None]:
    """Forget which events were consumed."""
    await resets.forget_marks(tx)
    return Result(None)
