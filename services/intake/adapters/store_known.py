"""SQL of what is known when arrivals come in: people, earlier arrivals, contacts they refer to."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.intake.adapters.rows import Rows
from services.intake.domain.address import ContactPoint, PointKind
from services.intake.domain.arrival import Arrival, Receipt, Told
from services.intake.domain.known import Customer, Earlier, Known, Newcomer, Thread
from services.intake.domain.mail import own_message
from shared.contracts.intake import PromiseBasis
from shared.database.database import Tx

_NEWCOMER = Rows(
    Newcomer,
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
EARLIER = """
select found.*, p.promise_id, p.due_at, p.basis, a.text as said_text, a.language as said_language
from unnest($1::uuid[]) as given (arrival_key)
cross join lateral (
  select m.arrival_key, m.digest, m.message_id, c.contact_id, c.customer_id,
    m.message_id = (
      select first.message_id from message first where first.contact_id = c.contact_id
      and first.arrival_key is not null order by first.written_at, first.message_id limit 1
    ) as opened
  from message m join contact c using (contact_id)
  where m.arrival_key = given.arrival_key limit 1
) found
left join lateral (
  select * from promise p where p.contact_id = found.contact_id and found.opened
  order by p.made_at limit 1
) p on true
left join message a on a.contact_id = found.contact_id and a.kind = 'acknowledgement'
"""
THREADS = """
select given.mail_id, c.contact_id, c.customer_id
from unnest($1::text[], $2::uuid[]) as given (mail_id, own_id)
cross join lateral (
  select contact_id from message m where m.message_id = given.own_id and m.state is not null
  union select contact_id from message m where m.mail_id = given.mail_id
) named join contact c using (contact_id)
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


async def load(tx: Tx, arrivals: Sequence[Arrival]) -> Known:
    """What is known of a set of arrivals."""
    return Known(
        customers=await _customers(tx, {arrival.sender for arrival in arrivals}),
        earlier=await _earlier(tx, [arrival.key for arrival in arrivals if arrival.repeatable]),
        threads=await _threads(tx, {mail for arrival in arrivals for mail in arrival.answers}),
    )


async def register(tx: Tx, newcomers: Sequence[Newcomer], known: Known) -> Known:
    """The same and the newcomers, as this or another transaction registered them."""
    born = {row[0] for row in await tx.fetch(REGISTER, *_NEWCOMER.of(newcomers))}
    found = {
        _point(new.kind, new.address): _customer_of(new)
        for new in newcomers
        if new.customer_id in born
    }
    lost = {_point(new.kind, new.address) for new in newcomers} - found.keys()
    if lost:
        found |= await _customers(tx, lost)
    return Known(
        customers=known.customers | found,
        earlier=known.earlier,
        threads=known.threads,
        new_customers=frozenset(born),
    )


async def _customers(tx: Tx, points: set[ContactPoint]) -> dict[ContactPoint, Customer]:
    ordered = list(points)
    kinds, addresses = [p.kind for p in ordered], [p.address for p in ordered]
    rows = await tx.fetch(CUSTOMERS, kinds, addresses)
    return {ordered[row["place"] - 1]: _customer(row) for row in rows}


async def _earlier(tx: Tx, keys: Sequence[UUID]) -> dict[UUID, Earlier]:
    rows = await tx.fetch(EARLIER, keys) if keys else []
    return {row["arrival_key"]: Earlier(row["digest"], _receipt(row)) for row in rows}


async def _threads(tx: Tx, mails: set[str]) -> dict[str, list[Thread]]:
    found: dict[str, list[Thread]] = {}
    if not mails:
        return found
    named = list(mails)
    for row in await tx.fetch(THREADS, named, [own_message(mail) for mail in named]):
        found.setdefault(row["mail_id"], []).append(Thread(row["contact_id"], row["customer_id"]))
    return found


def _point(kind: str, address: str) -> ContactPoint:
    return ContactPoint(PointKind(kind), address)


def _customer(row: asyncpg.Record) -> Customer:
    return Customer(
        customer_id=row["customer_id"],
        point_id=row["contact_point_id"],
        language=row["language"],
        time_zone=row["time_zone"],
        value_tier=row["value_tier"],
    )


def _customer_of(new: Newcomer) -> Customer:
    return Customer(
        customer_id=new.customer_id,
        point_id=new.point_id,
        language=new.language,
        time_zone=new.time_zone,
        value_tier=new.value_tier,
    )


def _receipt(row: asyncpg.Record) -> Receipt:
    return Receipt(
        contact_id=row["contact_id"],
        customer_id=row["customer_id"],
        message_id=row["message_id"],
        promise=_told(row) if row["promise_id"] else None,
    )


def _told(row: asyncpg.Record) -> Told:
    return Told(
        promise_id=row["promise_id"],
        due_at=row["due_at"],
        text=row["said_text"],
        language=row["said_language"],
        basis=PromiseBasis(row["basis"]),
    )
