"""The OpenAPI document says of every operation how it can be refused: said here, once for all."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

from fastapi import FastAPI

from shared.http.auth import BEARER, BEARER_SCHEME, PUBLIC
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


def describe(api: FastAPI, hot: Sequence[Described]) -> None:
    """Complete the application's document: each operation with the problems its nature brings.

    A route adds only what is special about it, as a status with a description. Routes in `hot`
    read their bodies themselves, and are described here.
    """
    written, places = api.openapi, {(route.method, route.path) for route in hot}

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = written()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = PROBLEM
            for route in hot:
                _add(document, route)
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    place = (method.upper(), path)
                    _complete(operation, refusals(*place, operation, hot=place in places))
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
    kinds = set(_WAITING)
    if operation.get("security"):
        kinds |= {"unauthenticated", "denied"}
    if "{" in path:
        kinds |= {"missing"}
    if operation.get("parameters"):
        kinds |= {"invalid"}
    if method != "GET":
        kinds |= {"conflict"}
    if "requestBody" in operation:
        kinds |= {"invalid", "too-large", "unsupported"} | ({"malformed"} if not hot else set())
    return kinds


def _complete(operation: Operation, kinds: Collection[str]) -> None:
    responses = operation["responses"]
    responses.pop("default", None)
    for kind in kinds:
        responses.setdefault(str(STATUS[kind]), {"description": TITLE[kind]})
    for status, response in responses.items():
        if int(status) >= _REFUSED:
            response.setdefault("content", {})[CONTENT_TYPE.decode()] = _SHOWN
            if _KIND[int(status)] in _WAITING:
                response["headers"] = _RETRY_AFTER
    operation["responses"] = dict(sorted(responses.items()))
