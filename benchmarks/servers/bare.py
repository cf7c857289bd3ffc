"""Bare ASGI that reads the body, answers 202 and does nothing: as fast as Python under uvicorn gets."""

from starlette.types import Receive, Scope, Send

BODY = b'{"contact_id":"00000000-0000-0000-0000-000000000000","status":"accepted"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        continue
    await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
