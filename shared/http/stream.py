"""Server-sent events that end politely: a frozen client is dropped, a stopping process says bye."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus

PING_SECONDS = 15
SEND_SECONDS = 10
BYE = ServerSentEvent(event="bye", data="stopping; connect again", retry=1_000)

# Our own `closing` ends the streams, at once and with a word.
AppStatus.enable_automatic_graceful_drain = False


def event_stream(request: Request, events: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    """Answer with `events` until they end, the client goes, or the process begins to stop."""
    closing: asyncio.Event = request.app.state.closing
    return EventSourceResponse(
        _until(closing, events), ping=PING_SECONDS, send_timeout=SEND_SECONDS
    )


async def _until(
    closing: asyncio.Event, events: AsyncIterator[ServerSentEvent]
) -> AsyncIterator[ServerSentEvent]:
    closed = asyncio.ensure_future(closing.wait())
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait({upcoming, closed}, return_when=asyncio.FIRST_COMPLETED)
            if not upcoming.done():
                yield BYE
                return
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        closed.cancel()
        await _ended(upcoming)


async def _ended(upcoming: asyncio.Future[ServerSentEvent | None]) -> None:
    """Let what prepares the next event clean up."""
    upcoming.cancel()
    await asyncio.wait({upcoming})
