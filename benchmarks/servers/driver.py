"""FastAPI and asyncpg: contact and outbox row in one transaction for each request."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from fastapi import FastAPI

from benchmarks.servers.schema import Accepted, Contact

CONTACT = """
insert into contact (contact_id, reference, channel, priority, address, document)
values ($1, $2, $3, $4, $5, $6)
"""
OUTBOX = "insert into outbox (key, value) values ($1, $2)"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The pool lives as long as the application."""
    async with asyncpg.create_pool(os.environ["DSN"], min_size=10, max_size=20) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/v1/contacts", status_code=202)
async def accept(contact: Contact) -> Accepted:
    """Store it, respond."""
    contact_id, document = uuid4(), contact.model_dump_json()
    given = (contact.reference, contact.channel, contact.priority, contact.personal.address)
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(CONTACT, contact_id, *given, document)
        await connection.execute(OUTBOX, f"{contact_id}", document.encode())
    return Accepted(contact_id=f"{contact_id}")
