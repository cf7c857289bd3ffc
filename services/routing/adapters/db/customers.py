"""Who customers are."""

from collections.abc import Iterable

from services.routing.domain.customer import Customer
from shared.database.database import Tx
from shared.database.rows import Columns, as_row

COLUMNS = Columns(
    customer_id="uuid",
    name="text",
    language="text",
    time_zone="text",
    value_tier="text",
    seq="bigint",
)
SAVE = f"{COLUMNS.upsert('customer', 'customer_id')} where customer.seq < excluded.seq"


async def save(tx: Tx, customers: Iterable[Customer]) -> None:
    """Keep these customers; a newer state that is known stays."""
    if rows := [as_row(customer) for customer in customers]:
        await tx.execute(SAVE, *COLUMNS.arrays(rows))
