"""SQL for customers: their names."""

from collections.abc import Iterable

from services.followup.domain.customer import Customer
from shared.database.database import Tx
from shared.database.rows import Columns, as_row

COLUMNS = Columns(customer_id="uuid", name="text")
SAVE = f"""
insert into customer ({COLUMNS.names}) select {COLUMNS.names} from {COLUMNS.source} order by customer_id
on conflict (customer_id) do update set name = excluded.name
"""  # noqa: S608 - made of the column names above


async def save(tx: Tx, customers: Iterable[Customer]) -> None:
    """Write these customers in place of what was known of them."""
    if rows := [as_row(customer) for customer in customers]:
        await tx.execute(SAVE, *COLUMNS.arrays(rows))
