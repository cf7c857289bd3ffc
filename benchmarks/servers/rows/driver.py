"""FastAPI and asyncpg: a transaction for each request, who writes is one statement, all rows are another."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
from fastapi import FastAPI, Request
from pydantic_core import to_json

from benchmarks.servers.rows.decision import (
    BASIS,
    DELIVERED_BY,
    LANGUAGE,
    POINT_KIND,
    VALUE_TIER,
    Customer,
    Decision,
    MailContact,
    Receipt,
    decide,
    events,
)
from benchmarks.servers.rows.events import FIRST, columns
from shared.kernel.ids import new_id

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = PoolConnectionProxy[asyncpg.Record]

KNOWN = """
select c.customer_id, p.contact_point_id, c.value_tier
from contact_point p join customer c using (customer_id) where p.kind = $1 and p.address = $2
"""
# Whoever loses a race for an address inserts nothing, and finds the winner's customer afterwards.
REGISTER = """
with point as (
  insert into contact_point (contact_point_id, kind, address, customer_id) values ($1, $2, $3, $4)
  on conflict (kind, address) do nothing returning customer_id
)
insert into customer (customer_id, name, language, time_zone, value_tier, created_at)
select customer_id, $5, $6, $7, $8, $9 from point returning customer_id
"""
STORE = f"""
with opened as (
  insert into contact (contact_id, customer_id, contact_point_id, channel, topic, language,
    time_zone, priority, need, automatic, received_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, $10)
), came as (
  insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
    contact_point_id, arrival_key, digest)
  values ($11, $1, $10, $12, $13, false, $4, $3, $14, $15)
), goes as (
  insert into message (message_id, contact_id, written_at, subject, text, automatic, channel,
    contact_point_id, kind, language, state, next_attempt_at, trace)
  values ($16, $1, $10, $17, $18, true, '{DELIVERED_BY}', $3, 'acknowledgement', '{LANGUAGE}',
    'queued', $10, $21)
), promised as (
  insert into promise (promise_id, contact_id, made_at, due_at, basis, trace)
  values ($19, $1, $10, $20, '{BASIS}', $21)
), numbered as (
  insert into stream (subject, seq, xid)
  select subject, {FIRST}, pg_current_xact_id() from unnest($24::text[]) as subject
), told as (
  insert into peer.outbox (event_id, topic, key, type, traceparent, value)
  select * from unnest($22::uuid[], $23::text[], $24::text[], $25::text[], $26::text[], $27::bytea[])
)
insert into tally (channel, shard, received, stored) values ($4, pg_backend_pid() % 16, 1, 1)
on conflict (channel, shard)
do update set received = tally.received + 1, stored = tally.stored + 1
"""  # noqa: S608 - constants of our own


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool lives as long as the application."""
    async with asyncpg.create_pool(os.environ["DSN"], min_size=10, max_size=20) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/v1/contacts", status_code=202)
async def accept(contact: MailContact, request: Request) -> Receipt:
    """Store all of it, respond."""
    decision = decide(contact, await request.body())
    async with app.state.pool.acquire() as connection, connection.transaction():
        customer = await writer(connection, decision)
        await store(connection, decision, customer)
    return decision.receipt(customer)


async def writer(connection: "Connection", decision: Decision) -> Customer:
    """The customer who has this address; whoever is not known is registered."""
    point = (POINT_KIND, decision.address)
    found = await connection.fetchrow(KNOWN, *point)
    if found is None:
        new = Customer(new_id(), new_id(), VALUE_TIER, is_new=True)
        given = (decision.contact.personal.name, decision.language, decision.time_zone)
        rest = (*given, new.value_tier, decision.received_at)
        if await connection.fetchval(REGISTER, new.point_id, *point, new.customer_id, *rest):
            return new
        (found,) = await connection.fetch(KNOWN, *point)
    return Customer(*found)


async def store(connection: "Connection", decision: Decision, customer: Customer) -> None:
    """All rows of a contact in one statement."""
    contact, personal = decision.contact, decision.contact.personal
    await connection.execute(
        STORE,
        *(decision.contact_id, customer.customer_id, customer.point_id, contact.channel),
        *(decision.topic, decision.language, decision.time_zone, contact.priority),
        to_json(contact.need).decode() if contact.need else None,
        decision.received_at,
        *(decision.message_id, personal.subject, personal.text),
        *(decision.arrival_key, decision.digest),
        *(decision.acknowledgement_id, decision.subject, decision.words),
        *(decision.promise_id, decision.due_at, to_json(decision.trace).decode()),
        *columns(events(decision, customer)),
    )
