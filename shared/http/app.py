"""One application: routes that are all guarded, behind one door that measures, limits and traces.

A hot route is answered by the door itself; the FastAPI route of the same method and path gives its
scope and its documentation.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from shared.http import document, problems
from shared.http.answer import Answer
from shared.http.auth import PUBLIC, Authenticator, Caller, Gate, Gatekeeper
from shared.http.body import TooLarge, limited, whole
from shared.http.exchange import Exchange
from shared.http.limits import Limits
from shared.kernel.errors import Failure, Invalid
from shared.settings import HttpSettings


@dataclass(frozen=True, slots=True)
class HotRequest:
    """A request as a hot route sees it: who, with which raw headers, and the whole body."""

    caller: Caller
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> str | None:
        """One header, by its lower-case name. Raises `Invalid` if it is not ASCII."""
        for key, value in self.headers:
            if key == name:
                if not value.isascii():
                    raise Invalid(f"the header {name.decode()} is not ASCII")
                return value.decode()
        return None


Hot = Callable[[HotRequest], Awaitable[Answer]]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    """A route as the door sees it, before a byte of the body is read."""

    path: str
    scope: str
    pattern: re.Pattern[str]
    handle: Hot | None


class App:
    """The ASGI application. `closing` is set when the process begins to stop, for open streams."""

    def __init__(
        self,
        api: FastAPI,
        hot: Mapping[Place, Hot],
        authenticator: Authenticator,
        settings: HttpSettings,
    ) -> None:
        self.api, self._limit = api, settings.max_body_bytes
        self._gatekeeper = Gatekeeper(authenticator, Limits(settings))
        self._routes = _routes(api, hot)
        self.closing = asyncio.Event()
        api.state.gatekeeper, api.state.closing = self._gatekeeper, self.closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.api(scope, receive, send)
            return
        route = self._routes.get((scope["method"], scope["path"])) or self._found(scope)
        with Exchange(scope, send) as exchange:
            if route is not None:
                scope["route"] = route
            if route is not None and route.handle is not None:
                hot = self._hot_answer(route.handle, route.scope, scope, receive)
                await exchange.answer(await hot)
            elif route is None or await self._is_let_in(route, scope, exchange):
                await self.api(scope, limited(receive, self._limit), exchange.send)
        await exchange.settle()

    async def _is_let_in(self, route: _Route, scope: Scope, exchange: Exchange) -> bool:
        """FastAPI reads a body before it asks a gate: we ask first. A hot route does so itself."""
        try:
            await self._gatekeeper.open(scope, route.scope)
        except Failure as failure:
            await exchange.answer(problems.problem_of(failure))
            return False
        return True

    async def _hot_answer(self, handle: Hot, needed: str, scope: Scope, receive: Receive) -> Answer:
        try:
            caller = await self._gatekeeper.admit(scope, needed)
            body = await whole(limited(receive, self._limit))
            return await handle(HotRequest(caller, scope["headers"], body))
        except TooLarge:
            return problems.problem("too-large")
        except Failure as failure:
            return problems.problem_of(failure)

    def _found(self, scope: Scope) -> _Route | None:
        """The first template that fits, as FastAPI will find it; None where it will find none."""
        for (method, _), route in self._routes.items():
            if method == scope["method"] and route.pattern.match(scope["path"]):
                return route
        return None


def _routes(api: FastAPI, hot: Mapping[Place, Hot]) -> dict[Place, _Route]:
    scopes = {(method, path): scope for method, path, scope in route_table(api)}
    hidden = hot.keys() - scopes.keys()
    if hidden:
        raise ValueError(f"hot routes without a route of the same place: {sorted(hidden)}")
    return {
        place: _Route(place[1], scope, compile_path(place[1])[0], hot.get(place))
        for place, scope in scopes.items()
    }


def create_app(
    *,
    service: str,
    routers: Sequence[APIRouter],
    settings: HttpSettings,
    authenticator: Authenticator,
    hot: Mapping[Place, Hot] | None = None,
    version: str = "1",
) -> App:
    """Build it.

    Raises `ValueError` for a route without `require(…)` or `public()`, and for a hot route that no
    route describes.
    """
    api = FastAPI(
        title=f"Rapport {service}",
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=document.DEFAULT,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for router in routers:
        api.include_router(router)
    problems.install(api)
    document.describe(api, hot or {})
    return App(api, hot or {}, authenticator, settings)


def route_table(api: FastAPI) -> list[tuple[str, str, str]]:
    """Every (method, path, scope or `public`). Raises `ValueError` for a route without a gate."""
    table = []
    for route in iter_route_contexts(api.routes):
        dependant = getattr(route, "dependant", None)
        scope = PUBLIC if route.path == api.openapi_url else _scope(dependant)
        if scope is None:
            raise ValueError(f"{route.path} has no gate: give it require(…) or public()")
        table += [(method, str(route.path), scope) for method in sorted(route.methods or ())]
    return table


def _scope(dependant: Dependant | None) -> str | None:
    for inner in dependant.dependencies if dependant is not None else ():
        if isinstance(inner.call, Gate):
            return inner.call.scope
        deeper = _scope(inner)
        if deeper is not None:
            return deeper
    return None
