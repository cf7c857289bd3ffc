"""Queues: defined whole by administrators."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from services.routing.adapters.db import queues
from services.routing.application.commands.put_queue import put_queue
from services.routing.entrypoints.api.commands import Commands, respond_json
from services.routing.entrypoints.api.fields import (
    In,
    Language,
    Name,
    Need,
    Seconds,
    Skills,
    Slug,
    TopicName,
    refusals,
)
from shared.contracts.routing import QueueChanged
from shared.http.auth import require
from shared.http.paging import DEFAULT, After, Limit
from shared.kernel.errors import Missing

QueueId = Annotated[Slug, Path()]
NO_QUEUE = refusals({404: "There is no such queue"})
NO_OVERFLOW = refusals({422: "The request is wrong, or its overflow queue is not another queue"})


class QueueTopic(In):
    """A topic that a queue takes (`*`: any), and what its contacts need unless stated."""

    topic: TopicName
    need: Need | None = None
    priority: Annotated[int | None, Field(ge=1, le=9, description="1 is the most urgent.")] = None


class QueueIn(In):
    """A queue as it is to be. No languages: it speaks all. The lowest rank is asked first."""

    name: Name
    topics: Annotated[tuple[QueueTopic, ...], Field(max_length=200)]
    languages: Annotated[tuple[Language, ...], Field(max_length=100)] = ()
    skills: Skills = Field({})
    service_target_seconds: Seconds
    offer_timeout_seconds: Seconds = 30
    rank: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    overflow_queue_id: Annotated[
        Slug | None,
        Field(description="Where a contact goes that everybody able declines again and again."),
    ] = None

    def as_event(self, queue_id: str) -> QueueChanged:
        return msgspec.convert({**self.model_dump(mode="json"), "queue_id": queue_id}, QueueChanged)


class Queue(QueueIn):
    """A queue as it is."""

    queue_id: str
    forecast: dict[str, Any] | None = None


class Queues(BaseModel):
    """A page of the queues, by id; `next` is the `after` of the next page, null on the last."""

    queues: list[Queue]
    next: str | None


def queue_routes(commands: Commands) -> APIRouter:
    """Which queues there are."""
    routes = APIRouter(
        prefix="/v1/queues", dependencies=[require("routing.admin")], tags=["administration"]
    )
    database = commands.database

    @routes.put("/{queue_id}", response_model=Queue, responses=NO_OVERFLOW)
    async def define_a_queue(queue_id: QueueId, queue: QueueIn) -> Response:
        """Define a queue; contacts that found no queue so far are placed."""
        defined = queue.as_event(queue_id)
        return respond_json(await commands.execute(lambda tx, now: put_queue(tx, defined, now)))

    @routes.get("/{queue_id}", response_model=Queue, responses=NO_QUEUE)
    async def show_a_queue(queue_id: QueueId) -> Response:
        """A queue as it is, with its forecast."""
        async with database.connection() as tx:
            found = await queues.find(tx, queue_id)
        if found is None:
            raise Missing("there is no such queue")
        return respond_json(found)

    @routes.get("", response_model=Queues)
    async def list_queues(after: After = "", limit: Limit = DEFAULT) -> Response:
        """The queues, by id."""
        async with database.connection() as tx:
            found = await queues.page(tx, after, limit)
        last = found[-1].queue_id if len(found) == limit else None
        return respond_json({"queues": found, "next": last})

    return routes
