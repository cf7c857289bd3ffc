"""Which media types a route takes for its body: those of its documentation. Any other is 415.

What a route documents is what it takes, so the two cannot come apart. FastAPI itself answers 422.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from shared.http import problems
from shared.http.response import HttpResponse
from shared.kernel.media_type import media_type

JSON: Final = "application/json"
NO_BODY: Final[frozenset[str]] = frozenset()


def documented(operation: Mapping[str, Any]) -> frozenset[str]:
    """The media types of an OpenAPI operation's body; none where it has no body."""
    return frozenset(operation.get("requestBody", {}).get("content", ()))


def taken(route: Any) -> frozenset[str]:
    """The media types that a route of FastAPI's takes; a body that it only declares is JSON."""
    own = documented(getattr(route, "openapi_extra", None) or {})
    return own or (frozenset({JSON}) if getattr(route, "body_field", None) else NO_BODY)


def refusal(
    media_types: Collection[str], headers: Iterable[tuple[bytes, bytes]]
) -> HttpResponse | None:
    """415 for a body of a media type that is not among these; None where there is nothing to refuse."""
    if not media_types:
        return None
    given, has_body = b"", False
    for name, value in headers:
        if name == b"content-type":
            given = value
        elif name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            has_body = True
    if not has_body or media_type(given) in media_types:
        return None
    listed = ", ".join(sorted(media_types))
    return problems.problem(
        "unsupported", f"send {listed}", headers=((b"accept", listed.encode()),)
    )
