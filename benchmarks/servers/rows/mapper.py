"""FastAPI and SQLAlchemy's ORM: a session for each request, the objects of a contact, a flush, a commit."""

import os
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import FastAPI, Request
from sqlalchemy import BigInteger, Identity, LargeBinary, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

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
from benchmarks.servers.rows.events import FIRST
from services.intake.adapters.db import tables
from shared.kernel.ids import new_id


class Base(DeclarativeBase):
    """The mapped tables; what columns there are, intake's own tables say."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class CustomerRow(Base):
    """A customer."""

    __table__ = tables.customer


class PointRow(Base):
    """An address, and whose it is."""

    __table__ = tables.contact_point
    customer: Mapped[CustomerRow] = relationship(lazy="joined", innerjoin=True)


class MessageRow(Base):
    """A message, inbound or outbound."""

    __table__ = tables.message


class PromiseRow(Base):
    """A promise."""

    __table__ = tables.promise


class ContactRow(Base):
    """A contact and what belongs to it."""

    __table__ = tables.contact
    point: Mapped[PointRow] = relationship()
    messages: Mapped[list[MessageRow]] = relationship()
    promises: Mapped[list[PromiseRow]] = relationship()


class StreamRow(Base):
    """How many events an aggregate has."""

    __table__ = tables.metadata.tables["stream"]


class OutboxRow(Base):
    """What is to be published."""

    __tablename__ = "outbox"
    __table_args__ = ({"schema": "peer"},)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]
    topic: Mapped[str]
    key: Mapped[str]
    type: Mapped[str]
    traceparent: Mapped[str]
    value: Mapped[bytes] = mapped_column(LargeBinary)


tally = tables.tally
one = insert(tally).values(shard=func.pg_backend_pid() % 16, received=1, stored=1)
COUNT = one.on_conflict_do_update(
    index_elements=[tally.c.channel, tally.c.shard],
    set_={"received": tally.c.received + 1, "stored": tally.c.stored + 1},
)
address = os.environ["DSN"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(address, pool_size=20, max_overflow=0)
session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@app.post("/v1/contacts", status_code=202)
async def accept(contact: MailContact, request: Request) -> Receipt:
    """Store all of it, respond."""
    decision = decide(contact, await request.body())
    async with session() as work, work.begin():
        point, is_new = await writer(work, decision)
        owner = point.customer
        customer = Customer(
            owner.customer_id, point.contact_point_id, owner.value_tier, is_new=is_new
        )
        work.add(opened(decision, point))
        work.add_all(told(decision, customer))
        await work.flush()
        await work.execute(COUNT, {"channel": contact.channel})
    return decision.receipt(customer)


async def writer(work: AsyncSession, decision: Decision) -> tuple[PointRow, bool]:
    """The address, whose customer comes with it; and whether it is new."""
    known = select(PointRow).filter_by(kind=POINT_KIND, address=decision.address)
    found = await work.scalar(known)
    if found is not None:
        return found, False
    new = newcomer(decision)
    try:
        async with work.begin_nested():
            work.add(new)
    except IntegrityError:
        return (await work.scalars(known)).one(), False
    return new, True


def newcomer(decision: Decision) -> PointRow:
    """The address of somebody who is not known."""
    customer = CustomerRow(
        customer_id=new_id(),
        name=decision.contact.personal.name,
        language=decision.language,
        time_zone=decision.time_zone,
        value_tier=VALUE_TIER,
        created_at=decision.received_at,
    )
    return PointRow(
        contact_point_id=new_id(), kind=POINT_KIND, address=decision.address, customer=customer
    )


def opened(decision: Decision, point: PointRow) -> ContactRow:
    """The contact with its messages and its promise."""
    contact = decision.contact
    return ContactRow(
        contact_id=decision.contact_id,
        point=point,
        channel=contact.channel,
        topic=decision.topic,
        language=decision.language,
        time_zone=decision.time_zone,
        priority=contact.priority,
        need=contact.need.model_dump() if contact.need else None,
        automatic=False,
        received_at=decision.received_at,
        messages=[came(decision, point), goes(decision, point)],
        promises=[promised(decision)],
    )


def came(decision: Decision, point: PointRow) -> MessageRow:
    """What the customer wrote."""
    return MessageRow(
        message_id=decision.message_id,
        written_at=decision.received_at,
        subject=decision.contact.personal.subject,
        text=decision.contact.personal.text,
        automatic=False,
        channel=decision.contact.channel,
        contact_point_id=point.contact_point_id,
        arrival_key=decision.arrival_key,
        digest=decision.digest,
        attempts=0,
    )


def goes(decision: Decision, point: PointRow) -> MessageRow:
    """The acknowledgement, which is to be delivered."""
    return MessageRow(
        message_id=decision.acknowledgement_id,
        written_at=decision.received_at,
        subject=decision.subject,
        text=decision.words,
        automatic=True,
        channel=DELIVERED_BY,
        contact_point_id=point.contact_point_id,
        kind="acknowledgement",
        language=LANGUAGE,
        state="queued",
        next_attempt_at=decision.received_at,
        attempts=0,
        trace=decision.trace,
    )


def promised(decision: Decision) -> PromiseRow:
    """What the customer is promised."""
    return PromiseRow(
        promise_id=decision.promise_id,
        made_at=decision.received_at,
        due_at=decision.due_at,
        basis=BASIS,
        trace=decision.trace,
    )


def told(decision: Decision, customer: Customer) -> list[Base]:
    """The events, and for each that its aggregate has one."""
    rows: list[Base] = []
    for event in events(decision, customer):
        rows.append(StreamRow(subject=event.key, seq=FIRST, xid=func.pg_current_xact_id()))
        rows.append(OutboxRow(**event._asdict()))
    return rows
