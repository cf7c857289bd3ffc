"""A service that is almost nothing, run as a process: `python -m tests.integration.http.tiny api`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.http.app import create_app
from shared.http.auth import Authenticator, public
from shared.http.stream import event_stream
from shared.kernel.clock import SystemClock
from shared.kernel.errors import Unavailable
from shared.runtime import Role, Service, run
from shared.settings import ServiceSettings

PUBLIC = [public()]


class Settings(ServiceSettings):
    """What the tests want the process to do."""

    trouble: str = ""


class Waiter:
    """Waits for its end; or fails, or never ends, as it is set to."""

    def __init__(self, trouble: str) -> None:
        self._trouble = trouble

    async def run(self, stop: asyncio.Event) -> None:
        if self._trouble == "fails":
            raise ValueError("jane.doe@example.org")
        await stop.wait()
        if self._trouble == "never ends":
            await asyncio.Event().wait()


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/slow", dependencies=PUBLIC)
    async def slow() -> str:
        await asyncio.sleep(0.5)
        return "done"

    @router.get("/live", dependencies=PUBLIC)
    async def live(request: Request) -> EventSourceResponse:
        return event_stream(request, _events())

    return router


async def _events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="hello", data="")
    await asyncio.Event().wait()


LATE = iter((True, True, False))


@asynccontextmanager
async def api(settings: Settings) -> AsyncIterator[Role]:
    if settings.trouble == "cannot start" or (settings.trouble == "starts late" and next(LATE)):
        raise Unavailable("database: away")
    app = create_app(
        service="tiny",
        routers=[routes()],
        settings=settings.http,
        authenticator=Authenticator(settings.auth, SystemClock()),
    )
    yield Role(app=app, parts={"waiter": Waiter(settings.trouble)})


if __name__ == "__main__":
    run(Service("tiny", Settings, api, api), sys.argv[1:])
