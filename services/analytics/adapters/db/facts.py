"""The facts of a batch as a set; of a recount, page by page."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from uuid import UUID

import msgspec

from services.analytics.domain.facts import Fact
from shared.database.database import Tx

INSERT_NEW = """
insert into fact (contact_id, body)
select contact_id, body::jsonb from unnest($1::uuid[], $2::text[]) as given (contact_id, body)
order by contact_id
on conflict do nothing returning contact_id
"""
LOCK = """
select contact_id, body::text from fact where contact_id = any($1::uuid[])
order by contact_id for update
"""
SAVE = """
update fact set body = given.body::jsonb
from unnest($1::uuid[], $2::text[]) as given (contact_id, body)
where fact.contact_id = given.contact_id
"""
PAGE = """
select contact_id, body::text from fact
where contact_id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
order by contact_id limit $2
"""
ESTIMATE = "select reltuples::bigint from pg_class where oid = 'fact'::regclass"

_decode = msgspec.json.Decoder(Fact).decode
_encode = msgspec.json.Encoder().encode


async def insert_new(tx: Tx, facts: Mapping[UUID, Fact]) -> set[UUID]:
    """Store those facts whose contact is not known yet; their ids.

    Waits for another batch that is just now storing the same contact; `lock` then finds its row.
    """
    rows = await tx.fetch(INSERT_NEW, list(facts), _bodies(facts))
    return {row["contact_id"] for row in rows}


async def lock(tx: Tx, contact_ids: Collection[UUID]) -> dict[UUID, Fact]:
    """The facts of these contacts, held until the transaction ends."""
    if not contact_ids:
        return {}
    rows = await tx.fetch(LOCK, list(contact_ids))
    return {row["contact_id"]: _decode(row["body"]) for row in rows}


async def save(tx: Tx, facts: Mapping[UUID, Fact]) -> None:
    """Write facts that are locked."""
    if facts:
        await tx.execute(SAVE, list(facts), _bodies(facts))


async def page(tx: Tx, after: UUID | None, size: int) -> dict[UUID, Fact]:
    """The next so many facts in the order of their contacts; empty: there are no more."""
    return {row["contact_id"]: _decode(row["body"]) for row in await tx.fetch(PAGE, after, size)}


async def every_page(tx: Tx, size: int = 5_000) -> AsyncIterator[Iterable[Fact]]:
    """Every stored fact, a page at a time."""
    last: UUID | None = None
    while found := await page(tx, last, size):
        yield found.values()
        last = max(found)


async def count_roughly(tx: Tx) -> int:
    """How many contacts are known, as the database estimates; less than 0: it does not know."""
    return int(await tx.fetchval(ESTIMATE))


def _bodies(facts: Mapping[UUID, Fact]) -> list[str]:
    return [_encode(fact).decode() for fact in facts.values()]
