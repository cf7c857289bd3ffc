"""SQL of customers: who has a contact point, and who is registered with it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from services.intake.domain.address import ContactPoint
from services.intake.domain.known_before import Customer, Newcomer
from shared.database.database import Tx
from shared.database.rows import Columns

_NEWCOMER = Columns(
    customer_id="uuid",
    point_id="uuid",
    kind="text",
    address="text",
    name="text",
    language="text",
    time_zone="text",
    value_tier="text",
    created_at="timestamptz",
)
# `lateral … limit 1` keeps the planner on the indexes, whatever it believes of tables it has not seen grow.
CUSTOMERS = """
select given.place, found.*
from unnest($1::text[], $2::text[]) with ordinality as given (kind, address, place)
cross join lateral (
  select p.contact_point_id, c.customer_id, c.language, c.time_zone, c.value_tier
  from contact_point p join customer c using (customer_id)
  where p.kind = given.kind and p.address = given.address limit 1
) found
"""
# Whoever loses a race for an address inserts nothing, and reads the winner's customer afterwards.
REGISTER = f"""
with given as (select * from {_NEWCOMER.source}), point as (
  insert into contact_point (contact_point_id, kind, address, customer_id)
  select point_id, kind, address, customer_id from given order by kind, address
  on conflict (kind, address) do nothing returning customer_id
)
insert into customer (customer_id, name, language, time_zone, value_tier, created_at)
select customer_id, name, language, time_zone, value_tier, created_at
from given join point using (customer_id)
returning customer_id
"""  # noqa: S608 - the source is made of our own column names


async def having(tx: Tx, points: Iterable[ContactPoint]) -> dict[ContactPoint, Customer]:
    """The customers who have these contact points; points that nobody has are missing."""
    ordered = list(points)
    kinds, addresses = [p.kind for p in ordered], [p.address for p in ordered]
    rows = await tx.fetch(CUSTOMERS, kinds, addresses)
    return {ordered[row["place"] - 1]: _customer(row) for row in rows}


async def register(tx: Tx, newcomers: Sequence[Newcomer]) -> set[UUID]:
    """Register them; the ids of those whose contact point nobody had."""
    arrays = _NEWCOMER.arrays_of(newcomers)
    return {row[0] for row in await tx.fetch(REGISTER, *arrays)}


def _customer(row: asyncpg.Record) -> Customer:
    return Customer(
        customer_id=row["customer_id"],
        point_id=row["contact_point_id"],
        language=row["language"],
        time_zone=row["time_zone"],
        value_tier=row["value_tier"],
    )
