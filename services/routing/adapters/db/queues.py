"""Queues, and what their forecasts rest on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.routing.domain.queues.forecast import Recent
from shared.contracts.routing import Forecast, QueueChanged
from shared.database.database import Tx

ALL = "select card, forecast from queue order by queue_id"
PAGE = "select card, forecast from queue where queue_id > $1 order by queue_id limit $2"
ONE = "select card, forecast from queue where queue_id = $1"
OVERFLOW = """
select q.queue_id as of, o.card, o.forecast
from queue q join queue o on o.queue_id = q.card ->> 'overflow_queue_id'
where q.queue_id = any($1)
"""
PUT = """
insert into queue (queue_id, card) values ($1, $2)
on conflict (queue_id) do update set card = excluded.card
"""
FORECAST = """
update queue set forecast = $2 where queue_id = $1 returning card, forecast
"""
WAITING = """
select queue_id, count(*) as waiting, min(queued_at) as since
from contact where state = 'waiting' group by queue_id
"""
DECLINED = """
select queue_id, count(*) as waiting from contact
where state = 'waiting' and declined <> '{}' and exists (
  select from jsonb_each(declined) as by (agent_id, found) where (found -> 'times')::int >= $1
) group by queue_id
"""
RECENT = """
select q.queue_id,
  extract(epoch from o.accepted_at - o.queued_at)::float8 as waited,
  extract(epoch from o.ended_at - o.accepted_at)::float8 as handled
from queue q cross join lateral (
  select queued_at, accepted_at, ended_at from offer
  where offer.queue_id = q.queue_id and accepted_at > $1
  order by accepted_at desc limit $2
) o
"""


async def find_all(tx: Tx) -> list[QueueChanged]:
    """Every queue, by id, with the forecast that was last published."""
    return [_queue(row) for row in await tx.fetch(ALL)]


async def page(tx: Tx, after: str, limit: int) -> list[QueueChanged]:
    """So many queues at most, by id, those behind `after`."""
    return [_queue(row) for row in await tx.fetch(PAGE, after, limit)]


async def find(tx: Tx, queue_id: str) -> QueueChanged | None:
    """The queue as it is now."""
    row = await tx.fetchrow(ONE, queue_id)
    return _queue(row) if row else None


async def find_overflow(tx: Tx, queue_ids: Iterable[str]) -> dict[str, QueueChanged]:
    """By queue, the one to which it passes on what everybody declines; those that have none are left out."""
    rows = await tx.fetch(OVERFLOW, sorted(set(queue_ids)))
    return {row["of"]: _queue(row) for row in rows}


async def put(tx: Tx, queue: QueueChanged) -> None:
    """Define the queue; its forecast stays."""
    card = msgspec.to_builtins(msgspec.structs.replace(queue, forecast=None))
    await tx.execute(PUT, queue.queue_id, card)


async def set_forecast(tx: Tx, queue_id: str, forecast: Forecast | None) -> QueueChanged:
    """Keep what is about to be published; the queue as it now is, locked until `tx` ends."""
    [row] = await tx.fetch(FORECAST, queue_id, forecast and msgspec.to_builtins(forecast))
    return _queue(row)


class Line(NamedTuple):
    """How many contacts wait in a queue, and since when the first of them does; null: none waits."""

    waiting: int = 0
    since: datetime | None = None


async def find_lines(tx: Tx) -> dict[str, Line]:
    """The line of each queue in which somebody waits."""
    return {row["queue_id"]: Line(row["waiting"], row["since"]) for row in await tx.fetch(WAITING)}


async def count_declined(tx: Tx, times: int) -> dict[str, int]:
    """How many contacts wait that somebody declined so many times, by queue, where there are any."""
    return {row["queue_id"]: row["waiting"] for row in await tx.fetch(DECLINED, times)}


async def find_recent(tx: Tx, now: datetime, window: timedelta, limit: int) -> dict[str, Recent]:
    """By queue, the newest waiting and handling times in seconds, `limit` assignments at most."""
    found: dict[str, tuple[list[float], list[float]]] = {}
    for row in await tx.fetch(RECENT, now - window, limit):
        waits, handling = found.setdefault(row["queue_id"], ([], []))
        waits.append(row["waited"])
        if row["handled"] is not None:
            handling.append(row["handled"])
    return {queue_id: Recent(*times) for queue_id, times in found.items()}


def _queue(row: asyncpg.Record) -> QueueChanged:
    card: dict[str, Any] = row["card"]
    return msgspec.convert({**card, "forecast": row["forecast"]}, QueueChanged)
