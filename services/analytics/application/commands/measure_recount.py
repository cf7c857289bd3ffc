"""Show how far a recount has come, as a metric that operators watch."""

from datetime import datetime

from services.analytics.adapters.db import generations
from services.analytics.domain.generations import Source
from shared.database.database import Tx
from shared.messaging.outbox.use_case import Result
from shared.observability import metrics


async def measure_recount(tx: Tx, _: datetime) -> Result[None]:
    """Set the metric to the number of contacts that are counted anew; 0: no recount is under way."""
    begun = (await generations.read(tx)).next
    is_recount = begun is not None and begun.source is Source.FACTS
    metrics.recount_contacts.set(begun.contacts if begun and is_recount else 0)
    return Result(None)
