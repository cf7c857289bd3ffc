"""One application: routes that are all guarded, measured, limited and traced alike.

A hot route is answered before FastAPI is asked, which takes a fifth of the time; it brings its own
scope and its own documentation.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.responses import HTMLResponse
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from shared.http import document, media_types, problems, query
from shared.http.auth import PUBLIC, Authenticator, Caller, Gate, Gatekeeper, Linked, linked
from shared.http.body import TooLarge, limited, whole
from shared.http.docs.page import PAGE, Step, shown
from shared.http.document import Operation
from shared.http.exchange import Exchange
from shared.http.limits import Limits
from shared.http.response import HttpResponse
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


Hot = Callable[[HotRequest], Awaitable[HttpResponse]]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotRoute:
    """A route that reads its own body: where it is, what a caller needs, what it does and says.

    `operation` is its OpenAPI operation; security and the problems that its nature brings are added.
    `schemas` are the components that the operation refers to.
    """

    method: str
    path: str
    scope: str
    handle: Hot
    operation: Operation
    schemas: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Method and path."""
        return self.method, self.path


@dataclass(frozen=True, slots=True)
class _Route:
    """A route as it is known before a byte of the body is read. No `parameters`: any are passed over."""

    path: str
    scope: str
    pattern: re.Pattern[str]
    media_types: frozenset[str]
    parameters: frozenset[str] | None
    handle: Hot | None

    def refusal(self, scope: Scope) -> HttpResponse | None:
        """The answer to a request that asks or sends what the route does not take."""
        unknown = (
            query.refusal(self.parameters, scope["query_string"])
            if self.parameters is not None
            else None
        )
        return unknown or media_types.refusal(self.media_types, scope["headers"])


class App:
    """The ASGI application. `closing` is set when the process begins to stop, for open streams."""

    def __init__(
        self,
        api: FastAPI,
        hot: Sequence[HotRoute],
        authenticator: Authenticator,
        settings: HttpSettings,
    ) -> None:
        self.api, self._limit = api, settings.max_body_bytes
        self._gatekeeper = Gatekeeper(authenticator, Limits(settings))
        self._routes = _routes(api, hot)
        _refuse_unknown(settings.scope_per_second, {each.scope for each in self._routes.values()})
        self.closing = asyncio.Event()
        api.state.gatekeeper, api.state.closing = self._gatekeeper, self.closing

    def route_table(self) -> list[tuple[str, str, str]]:
        """Every (method, path, scope or `public`)."""
        return [(*place, route.scope) for place, route in self._routes.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.api(scope, receive, send)
            return
        route = self._routes.get((scope["method"], scope["path"])) or self._found(scope)
        with Exchange(scope, send) as exchange:
            if route is not None:
                scope["route"] = route
            if route is None:
                await exchange.respond(self._not_found(scope))
            elif route.handle is not None:
                hot = self._hot_response(route, route.handle, scope, receive)
                await exchange.respond(await hot)
            elif await self._is_let_in(route, scope, exchange):
                await self.api(scope, limited(receive, self._limit), exchange.send)
        await exchange.settle()

    def _not_found(self, scope: Scope) -> HttpResponse:
        """The path is nowhere; or it is known, but not with this method."""
        allowed = set()
        for (method, _), route in self._routes.items():
            if route.pattern.match(scope["path"]):
                scope["route"] = route
                allowed.add(method)
        if not allowed:
            return problems.problem(
                "missing", "there is no such path: GET /docs shows those there are"
            )
        methods = ", ".join(sorted(allowed))
        allow = ((b"allow", methods.encode()),)
        return problems.problem("not-allowed", f"this path takes {methods}", headers=allow)

    async def _is_let_in(self, route: _Route, scope: Scope, exchange: Exchange) -> bool:
        """FastAPI reads a body before it asks a gate: we ask first. A hot route does so itself."""
        try:
            await self._gatekeeper.open(scope, route.scope)
        except Failure as failure:
            await exchange.respond(problems.problem_of(failure))
            return False
        refused = route.refusal(scope)
        if refused is not None:
            await exchange.respond(refused)
        return refused is None

    async def _hot_response(
        self, route: _Route, handle: Hot, scope: Scope, receive: Receive
    ) -> HttpResponse:
        try:
            caller = await self._gatekeeper.admit(scope, route.scope)
            if refused := route.refusal(scope):
                return refused
            body = await whole(limited(receive, self._limit))
            return await handle(HotRequest(caller, scope["headers"], body))
        except TooLarge as error:
            return problems.problem("too-large", error.detail)
        except Failure as failure:
            return problems.problem_of(failure)

    def _found(self, scope: Scope) -> _Route | None:
        """The first template that fits, as FastAPI will find it; None where it will find none."""
        for (method, _), route in self._routes.items():
            if method == scope["method"] and route.pattern.match(scope["path"]):
                return route
        return None


def _refuse_unknown(limited_scopes: Iterable[str], scopes: Collection[str]) -> None:
    """A misspelt scope would leave its routes without the limit. Raises `Invalid`."""
    unknown = sorted(set(limited_scopes) - {*scopes})
    if unknown:
        there = ", ".join(sorted({*scopes} - {PUBLIC}))
        raise Invalid(
            f"RAPPORT_HTTP__SCOPE_PER_SECOND: no scope {', '.join(unknown)}, only {there}"
        )


def _routes(api: FastAPI, hot: Sequence[HotRoute]) -> dict[Place, _Route]:
    cold = {
        (method, str(route.path)): _cold(api, route)
        for route in iter_route_contexts(api.routes)
        for method in sorted(route.methods or ())
    }
    return cold | {each.place: _hot(each) for each in hot}


def _cold(api: FastAPI, route: RouteContext) -> _Route:
    path, dependant, gate = str(route.path), getattr(route, "dependant", None), _gate(api, route)
    return _Route(
        path=path,
        scope=gate.scope,
        pattern=compile_path(path)[0],
        media_types=media_types.taken(route),
        parameters=None if isinstance(gate, Linked) else query.taken(dependant),
        handle=None,
    )


def _hot(route: HotRoute) -> _Route:
    return _Route(
        path=route.path,
        scope=route.scope,
        pattern=compile_path(route.path)[0],
        media_types=media_types.documented(route.operation),
        parameters=query.documented(route.operation),
        handle=route.handle,
    )


def create_app(
    *,
    service: str,
    routers: Sequence[APIRouter],
    settings: HttpSettings,
    authenticator: Authenticator,
    hot: Sequence[HotRoute] = (),
    walk: Sequence[Step] = (),
    version: str = "1",
) -> App:
    """Build it; `walk` is the story that its page `/docs` tells.

    Raises `ValueError` for a route without `require(…)`, `public()` or `linked()`.
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
    api.include_router(docs_route(api, service, walk))
    problems.install(api)
    document.describe(api, hot, settings.max_body_bytes)
    return App(api, hot, authenticator, settings)


def docs_route(api: FastAPI, service: str, walk: Sequence[Step]) -> APIRouter:
    """`/docs`: what the document says, for people."""
    routes = APIRouter(include_in_schema=False)

    @lru_cache
    def page() -> HTMLResponse:
        return PAGE.response(shown(api.openapi(), service, walk))

    @routes.get("/docs", dependencies=[linked()], response_class=HTMLResponse)
    async def read_the_docs() -> HTMLResponse:
        return page()

    return routes


def route_table(api: FastAPI) -> list[tuple[str, str, str]]:
    """Every (method, path, scope or `public`). Raises `ValueError` for a route without a gate."""
    return [(*place, route.scope) for place, route in _routes(api, ()).items()]


def _gate(api: FastAPI, route: RouteContext) -> Gate:
    """The gate before a route; the document is open to everybody. Raises `ValueError`."""
    found = Linked() if route.path == api.openapi_url else _first(getattr(route, "dependant", None))
    if found is None:
        raise ValueError(f"{route.path} has no gate: give it require(…), public() or linked()")
    return found


def _first(dependant: Dependant | None) -> Gate | None:
    for inner in dependant.dependencies if dependant is not None else ():
        if isinstance(inner.call, Gate):
            return inner.call
        deeper = _first(inner)
        if deeper is not None:
            return deeper
    return None
