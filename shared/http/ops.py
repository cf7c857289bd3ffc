"""The operators' server of every process: alive, ready and why not, and its metrics."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType

from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import Receive, Scope, Send

from shared.http.problems import problem
from shared.http.response import HttpResponse, json_response
from shared.kernel.errors import Failure
from shared.observability.logging import get_logger

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS = 2.0
OK = "ok"

_LETTING_GO: set[asyncio.Task[str]] = set()

log = get_logger(__name__)


class OpsApp:
    """Alive means that the loop turns, and nothing else: a dead database is no reason to restart.

    Ready means that every check passes and nobody has asked the process to stop. A check passes
    when it returns; it fails by raising a `Failure` with the reason, or by taking too long. What is
    `optional` is shown beside them, and nobody is sent away for it.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        stop: asyncio.Event,
        optional: Mapping[str, Check] = MappingProxyType({}),
    ) -> None:
        self._checks, self._optional, self._stop = checks, optional, stop

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await self._answer(scope["path"])).send(send)

    async def _answer(self, path: str) -> HttpResponse:
        match path:
            case "/livez":
                return json_response(200, {"alive": True})
            case "/readyz":
                return await self._readiness()
            case "/metrics":
                body, kind = generate_latest(REGISTRY), CONTENT_TYPE_LATEST.encode()
                return HttpResponse(200, body, content_type=kind)
            case _:
                return problem("missing")

    async def _readiness(self) -> HttpResponse:
        found = await outcomes({**self._checks, **self._optional})
        if self._stop.is_set():
            found["process"] = "is stopping"
        needed = (outcome for name, outcome in found.items() if name not in self._optional)
        ready = all(outcome == OK for outcome in needed)
        return json_response(200 if ready else 503, {"ready": ready, "checks": found})


async def outcomes(
    checks: Mapping[str, Check], timeout_seconds: float | None = None
) -> dict[str, str]:
    """Run all checks at once; for each `ok` or the reason why not."""
    if not checks:
        return {}
    seconds = CHECK_SECONDS if timeout_seconds is None else timeout_seconds
    asked = {name: asyncio.create_task(_outcome(check)) for name, check in checks.items()}
    try:
        _, late = await asyncio.wait(asked.values(), timeout=seconds)
    finally:
        _let_go(asked.values())
    silence = f"no answer in {seconds:g} s"
    return {name: silence if task in late else task.result() for name, task in asked.items()}


def _let_go(tasks: Iterable[asyncio.Task[str]]) -> None:
    """Cancel, and do not wait: a driver may take long to leave a server that does not answer."""
    for task in tasks:
        if not task.done():
            _LETTING_GO.add(task)
            task.add_done_callback(_LETTING_GO.discard)
            task.cancel()


async def _outcome(check: Check) -> str:
    try:
        await check()
    except Failure as failure:
        return failure.detail
    except Exception as error:  # whatever a check meets is its reason
        log.warning("a readiness check broke", exc_info=error)
        return type(error).__name__
    return OK
