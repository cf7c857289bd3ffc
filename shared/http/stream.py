"""Server-sent events that end politely: a frozen client is dropped, a stopping process says bye.

A stream lasts as long as the token that opened it: what somebody may no longer ask for they are no longer told.
"""

import asyncio
from collections.abc import AsyncIterator
from math import inf

from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus

from shared.http.auth import Caller
from shared.http.response import STREAM

PING_SECONDS = 15
SEND_SECONDS = 10
BYE = ServerSentEvent(event="bye", data="stopping; connect again", retry=1_000)
EXPIRED = ServerSentEvent(event="expired", data="the token is expired; connect with a new one")

# Our own `closing` ends the streams, at once and with a word.
AppStatus.enable_automatic_graceful_drain = False


def event_stream(
    request: Request, events: AsyncIterator[ServerSentEvent], caller: Caller | None = None
) -> EventSourceResponse:
    """Answer with `events` until they end, the client goes, the caller's token does, or the process begins to stop.

    The last two say so, as `expired` and `bye`. Raises `Overloaded` where the caller has too many open, `Unavailable`
    where all callers together have.
    """
    take_place = request.scope.get("extensions", {}).get(STREAM)
    if take_place is not None:
        take_place(caller.subject if caller is not None else None)
    closing: asyncio.Event = request.app.state.closing
    left = request.app.state.gatekeeper.seconds_left(caller) if caller is not None else inf
    return EventSourceResponse(
        _until(closing, left, events), ping=PING_SECONDS, send_timeout=SEND_SECONDS
    )


async def _until(
    closing: asyncio.Event, seconds: float, events: AsyncIterator[ServerSentEvent]
) -> AsyncIterator[ServerSentEvent]:
    expired = asyncio.ensure_future(_after(seconds))
    closed = asyncio.ensure_future(closing.wait())
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait({upcoming, closed, expired}, return_when=asyncio.FIRST_COMPLETED)
            if closed.done() or expired.done():
                yield BYE if closed.done() else EXPIRED
                return
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        closed.cancel()
        expired.cancel()
        await _ended(upcoming)


async def _after(seconds: float) -> None:
    if seconds == inf:
        await asyncio.Event().wait()
    await asyncio.sleep(seconds)


async def _ended(upcoming: asyncio.Future[ServerSentEvent | None]) -> None:
    """Let what prepares the next event clean up."""
    upcoming.cancel()
    await asyncio.wait({upcoming})
