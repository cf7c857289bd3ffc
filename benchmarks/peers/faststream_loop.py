"""FastStream. `batch`: batches of 500 with our kind of SQL; `workers`: 20 at once, event by event.

Neither has an outbox: what a crash takes between commit and publish is lost.
"""

import json
import sys
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker
from pydantic import BaseModel

from benchmarks.peers.work import Event, counted, process_batch, process_one, setting

WORKERS, SIZE, MAX_BYTES = 20, 500, 1_000_000


class Personal(BaseModel):
    """Whose it is."""

    address: str


class Data(BaseModel):
    """What the loop needs of a submission."""

    reference: UUID
    personal: Personal


class Submitted(BaseModel):
    """A CloudEvent in structured mode, of which the loop needs no attribute."""

    data: Data

    def event(self) -> Event:
        """Its id and its customer."""
        return self.data.reference, self.data.personal.address


async def decoded(message: Any) -> Any:
    """A message or a batch of them; left to itself FastStream reads JSON of `application/json` alone."""
    body = message.body
    return list(map(json.loads, body)) if isinstance(body, list | tuple) else json.loads(body)


class Loop:
    """By batches and event by event."""

    def __init__(self) -> None:
        self.broker = KafkaBroker(setting("KAFKA"), logger=None, max_batch_size=MAX_BYTES)
        self.one = self.broker.publisher(setting("OUT"))
        self.many = self.broker.publisher(setting("OUT"), batch=True)
        self.pool: Any = None

    async def open(self) -> None:
        """Connect."""
        self.pool = await asyncpg.create_pool(setting("DSN"), min_size=4, max_size=WORKERS)

    async def batch(self, submitted: list[Submitted]) -> None:
        """A batch in one transaction, then all of it published."""
        events = [each.event() for each in submitted]
        async with self.pool.acquire() as connection, connection.transaction():
            fresh = await process_batch(connection, events)
        if fresh:
            await self.many.publish(*map(counted, fresh))

    async def single(self, submitted: Submitted) -> None:
        """An event in one transaction, then published."""
        event = submitted.event()
        async with self.pool.acquire() as connection, connection.transaction():
            if not await process_one(connection, event):
                return
        await self.one.publish(counted(event), key=event[1].encode())


def application(mode: str) -> FastStream:
    """The application that consumes."""
    loop = Loop()
    common = {
        "group_id": setting("GROUP"),
        "auto_offset_reset": "earliest",
        "decoder": decoded,
    }
    if mode == "batch":
        limits = {"batch": True, "max_records": SIZE, "batch_timeout_ms": 50}
        loop.broker.subscriber(setting("IN"), **limits, **common)(loop.batch)
    else:
        loop.broker.subscriber(setting("IN"), max_workers=WORKERS, **common)(loop.single)
    return FastStream(loop.broker, on_startup=[loop.open])


if __name__ == "__main__":
    uvloop.run(application(sys.argv[1]).run())
