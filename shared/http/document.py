"""The OpenAPI document says of every operation how it can be refused: said here, once for all."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

from fastapi import FastAPI

from shared.http.auth import BEARER, BEARER_SCHEME, PUBLIC
from shared.http.body import at_most
from shared.http.docs.examples import Schemas, example
from shared.http.docs.page import COMMON
from shared.http.problems import CONTENT_TYPE, STATUS, TITLE

Operation: TypeAlias = dict[str, Any]

DEFAULT: Final[dict[int | str, Any]] = {"default": {"description": "A problem."}}
"""Given to FastAPI, so that it describes no 422 in words of its own; not in the document."""
_REFUSED: Final = HTTPStatus.BAD_REQUEST
_WAITING: Final = ("overloaded", "unavailable")
_KIND: Final = {status: kind for kind, status in STATUS.items()}
_TEXT: Final = {"type": "string"}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem (RFC 9457); `type` says of which kind.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "enum": [f"urn:rapport:problem:{kind}" for kind in STATUS]},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "facts": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "detail"],
                "properties": {"in": _TEXT, "pointer": _TEXT, "detail": _TEXT},
            },
        },
    },
}
_WRONG: Final = {
    "errors": [{"in": "body", "pointer": "/personal/address", "detail": "Field required"}]
}
_SHOWN: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    }
}


class Described(Protocol):
    """A route that FastAPI does not know, with its own words."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def operation(self) -> Operation: ...
    @property
    def schemas(self) -> Mapping[str, Any]: ...


def describe(api: FastAPI, hot: Sequence[Described], max_body_bytes: int) -> None:
    """Complete the application's document: each operation with the problems its nature brings.

    A route adds only what is special about it, as a status with a description. What every route says
    alike stands once among the components, and is referred to. Routes in `hot` read their bodies
    themselves, and are described here.
    """
    written, places = api.openapi, {(route.method, route.path) for route in hot}

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = written()
            components = document.setdefault("components", {})
            components["responses"] = {kind: _common(kind, max_body_bytes) for kind in STATUS}
            schemas = components.setdefault("schemas", {})
            schemas["Problem"] = PROBLEM
            for route in hot:
                _add(document, route)
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    place = (method.upper(), path)
                    _complete(operation, refusals(*place, operation, hot=place in places))
                    _exemplify(path.rsplit("/", 1)[1], operation, schemas)
        return api.openapi_schema or {}

    api.openapi = openapi  # type: ignore[method-assign]  # as FastAPI says to do it


def _add(document: dict[str, Any], route: Described) -> None:
    operation = deepcopy(route.operation)
    if route.scope != PUBLIC:
        operation["security"] = [{BEARER: [route.scope]}]
        document["components"].setdefault("securitySchemes", {}).setdefault(BEARER, BEARER_SCHEME)
    document["components"]["schemas"] |= route.schemas
    document["paths"].setdefault(route.path, {})[route.method.lower()] = operation


def refusals(method: str, path: str, operation: Operation, *, hot: bool) -> set[str]:
    """The kinds of problems an operation can be answered with, by what it is."""
    kinds = {"invalid", *_WAITING}
    if operation.get("security"):
        kinds |= {"unauthenticated", "denied"}
    if "{" in path:
        kinds |= {"missing"}
    if method != "GET":
        kinds |= {"conflict"}
    if "requestBody" in operation:
        kinds |= {"too-large", "unsupported"} | ({"malformed"} if not hot else set())
    return kinds


def _complete(operation: Operation, kinds: Collection[str]) -> None:
    responses = operation["responses"]
    responses.pop("default", None)
    for status, response in responses.items():
        if int(status) >= _REFUSED:
            _show_problem(response, _KIND[int(status)])
    for kind in kinds:
        responses.setdefault(str(STATUS[kind]), {"$ref": f"{COMMON}{kind}"})
    operation["responses"] = dict(sorted(responses.items()))


def _common(kind: str, max_body_bytes: int) -> dict[str, Any]:
    """The answer of a kind where a route has nothing to add to it."""
    limit = f": a body has {at_most(max_body_bytes)}" if kind == "too-large" else ""
    response: dict[str, Any] = {"description": TITLE[kind] + limit}
    _show_problem(response, kind)
    return response


def _show_problem(response: dict[str, Any], kind: str) -> None:
    shown = _SHOWN | {"example": problem_like(kind)}
    response.setdefault("content", {})[CONTENT_TYPE.decode()] = shown
    if kind in _WAITING:
        response["headers"] = _RETRY_AFTER


def problem_like(kind: str) -> dict[str, Any]:
    """The problem of a kind, as it looks."""
    looks = {"type": f"urn:rapport:problem:{kind}", "title": TITLE[kind], "status": STATUS[kind]}
    return looks | (_WRONG if kind == "invalid" else {})


def _exemplify(place: str, operation: Operation, schemas: Schemas) -> None:
    """Show an example of each parameter, of each body, and of each answer that has a schema."""
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        is_key = name.lower() == "idempotency-key"
        sample = f"{place}-48211" if is_key else example(parameter["schema"], schemas, name)
        parameter.setdefault("example", sample)
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        for media_type, content in body.get("content", {}).items():
            if "schema" in content and not media_type.startswith("text/"):
                content.setdefault("example", example(content["schema"], schemas, place=place))
