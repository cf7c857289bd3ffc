"""FastAPI and SQLAlchemy's ORM: two objects and a commit for each request."""

import os
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from sqlalchemy import BigInteger, Identity, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.servers.schema import Accepted, Contact


class Base(DeclarativeBase):
    """The mapped tables."""


class ContactRow(Base):
    """A contact."""

    __tablename__ = "contact"
    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str]
    channel: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    address: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


class OutboxRow(Base):
    """What is to be published."""

    __tablename__ = "outbox"
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str]
    value: Mapped[bytes] = mapped_column(LargeBinary)


address = os.environ["DSN"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(address, pool_size=20, max_overflow=0)
session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@app.post("/v1/contacts", status_code=202)
async def accept(contact: Contact) -> Accepted:
    """Store it, respond."""
    row = ContactRow(
        contact_id=uuid4(),
        reference=contact.reference,
        channel=contact.channel,
        priority=contact.priority,
        address=contact.personal.address,
        document=contact.model_dump(mode="json"),
    )
    event = OutboxRow(key=f"{row.contact_id}", value=contact.model_dump_json().encode())
    async with session() as work, work.begin():
        work.add_all([row, event])
    return Accepted(contact_id=f"{row.contact_id}")
