"""Every failure has one face: RFC 9457 `application/problem+json`, by kind, echoing no input."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.http.body import TooLarge
from shared.http.response import Headers, HttpResponse
from shared.kernel.errors import Denied, Failure

CONTENT_TYPE: Final = b"application/problem+json"
RETRY_SECONDS: Final = 2
STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "unauthenticated": 401,
    "denied": 403,
    "missing": 404,
    "not-allowed": 405,
    "too-slow": 408,
    "conflict": 409,
    "gone": 410,
    "too-large": 413,
    "unsupported": 415,
    "invalid": 422,
    "overloaded": 429,
    "unexpected": 500,
    "unavailable": 503,
}
TITLE: Final[Mapping[str, str]] = {
    "malformed": "The request cannot be read",
    "unauthenticated": "We do not know who calls",
    "denied": "This caller may not do this",
    "missing": "There is nothing here",
    "not-allowed": "This cannot be done here",
    "too-slow": "The request took too long to arrive",
    "conflict": "The present state does not allow it",
    "gone": "It was here and is over",
    "too-large": "The request is too large",
    "unsupported": "This media type is not taken here",
    "invalid": "The request is wrong",
    "overloaded": "Too much at once",
    "unexpected": "Something broke on our side",
    "unavailable": "A part we need is away",
}
PLUS: Final = "; a + must be written %2B in an address: 2026-03-02T00:00:00%2B01:00"
KIND: Final[Mapping[int, str]] = {status: kind for kind, status in STATUS.items()}


class Unauthenticated(Failure):
    """We do not know who calls: there is no token, or none that we believe."""

    kind = "unauthenticated"


class NoToken(Unauthenticated):
    """There is no token at all."""

    def __init__(self) -> None:
        super().__init__("send a token: `Authorization: Bearer …`")


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong with a request: where (a JSON pointer into that place) and what."""

    place: Literal["body", "query", "path", "header", "cookie"] = msgspec.field(name="in")
    pointer: str
    detail: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer from 400 up."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: Sequence[FieldError] = ()
    facts: Mapping[str, Any] = {}


def problem(
    kind: str,
    detail: str = "",
    *,
    errors: Sequence[FieldError] = (),
    facts: Mapping[str, Any] | None = None,
    headers: Headers = (),
) -> HttpResponse:
    """The answer for a kind of problem."""
    status = STATUS[kind]
    content = Problem(
        type=f"urn:rapport:problem:{kind}",
        title=TITLE[kind],
        status=status,
        detail=detail,
        errors=errors,
        facts=facts or {},
    )
    return HttpResponse(status, msgspec.json.encode(content, enc_hook=str), headers, CONTENT_TYPE)


def problem_of(failure: Failure) -> HttpResponse:
    """The answer for a failure; one of an unknown kind is ours, and says nothing."""
    if failure.kind not in STATUS:
        return problem("unexpected")
    return problem(
        failure.kind, failure.detail, facts=failure.facts, headers=tuple(_headers(failure))
    )


def install(app: FastAPI) -> None:
    """Make the application answer all its failures as problems."""
    app.add_exception_handler(Failure, _on_failure)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(TooLarge, _on_too_large)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unexpected)


def _headers(failure: Failure) -> list[tuple[bytes, bytes]]:
    if isinstance(failure, Unauthenticated):
        error = b"" if isinstance(failure, NoToken) else b', error="invalid_token"'
        return [(b"www-authenticate", b'Bearer realm="rapport"' + error)]
    if isinstance(failure, Denied) and "scope" in failure.facts:
        missing = str(failure.facts["scope"]).encode()
        challenge = b'Bearer realm="rapport", error="insufficient_scope", scope="%b"' % missing
        return [(b"www-authenticate", challenge)]
    if failure.kind in {"unavailable", "overloaded"}:
        seconds = failure.facts.get("retry_after_seconds", RETRY_SECONDS)
        return [(b"retry-after", str(seconds).encode()), *_rate_limit(failure.facts)]
    return []


def _rate_limit(facts: Mapping[str, object]) -> list[tuple[bytes, bytes]]:
    """Which of several limits it was, for programs: the quota of which window, and when there is one again."""
    if "policy" not in facts:
        return []
    policy = f'"{facts["policy"]}";q={facts["quota"]};w={facts["window_seconds"]}'
    limit = f'"{facts["policy"]}";r=0;t={facts["retry_after_seconds"]}'
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", limit.encode())]


async def _on_failure(_: Request, failure: Exception) -> Response:
    assert isinstance(failure, Failure)  # noqa: S101  (that is how it is installed)
    return _response(problem_of(failure))


async def _on_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (that is how it is installed)
    wrong = [_field(item) for item in error.errors()]
    return _response(problem("invalid", "the request does not fit its schema", errors=wrong))


async def _on_too_large(_: Request, error: Exception) -> Response:
    assert isinstance(error, TooLarge)  # noqa: S101  (that is how it is installed)
    return _response(problem("too-large", error.detail))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (that is how it is installed)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    pairs = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return _response(problem(KIND.get(error.status_code, "malformed"), headers=pairs))


async def _on_unexpected(_: Request, __: Exception) -> Response:
    return _response(problem("unexpected"))


def _response(answer: HttpResponse) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.head()
    return response


def pointer(*path: object) -> str:
    """The JSON pointer (RFC 6901) of what lies at the end of a path."""
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path)


def _field(item: Mapping[str, Any]) -> FieldError:
    place, *path = item["loc"]
    known = path if item["type"] != "json_invalid" else []
    hint = PLUS if place == "query" and _lost_its_plus(item) else ""
    return FieldError(place=place, pointer=pointer(*known), detail=item["msg"] + hint)


def _lost_its_plus(item: Mapping[str, Any]) -> bool:
    """Whether it is a time in which a blank stands, as a `+` in an address is read."""
    return item["type"].startswith("datetime") and " " in str(item["input"])
