"""A response as plain data: made by hot routes, kept by idempotency, sent over ASGI."""

from typing import TypeAlias

import msgspec
from starlette.types import Send

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
WHOLE = "rapport.whole"
"""The ASGI extension of our server: `await whole(status, head, body)` sends a response in one piece."""
STREAM = "rapport.stream"
"""The ASGI extension by which an answer takes the place of a stream: `take_place(subject)`, or None for nobody known.

It raises `Overloaded` or `Unavailable` where there is none."""


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole response. Header names are lower case; content-length is added on sending."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    content_type: bytes = JSON

    def with_header(self, name: bytes, value: bytes) -> "HttpResponse":
        """The same response with one header more."""
        return msgspec.structs.replace(self, headers=(*self.headers, (name, value)))

    def head(self) -> list[tuple[bytes, bytes]]:
        """All headers, as they are sent."""
        length = (b"content-length", str(len(self.body)).encode())
        return [(b"content-type", self.content_type), length, *self.headers]

    async def send(self, send: Send) -> None:
        """Send it over ASGI."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head()})
        await send({"type": "http.response.body", "body": self.body})


def json_response(status: int, content: object, headers: Headers = ()) -> HttpResponse:
    """A response whose body is `content` in JSON."""
    return HttpResponse(status, msgspec.json.encode(content), headers)
