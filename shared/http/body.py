"""Request bodies: never more in memory than the limit, whatever the sender claims."""

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from shared.kernel.errors import Invalid

MIB = 1 << 20


class TooLarge(HTTPException):
    """The body is longer than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"a body has {at_most(limit)}")


def at_most(limit: int) -> str:
    """A limit of so many bytes, as it is read: "at most 1 MiB"."""
    whole_mib = limit >= MIB and limit % MIB == 0
    return f"at most {limit // MIB} MiB" if whole_mib else f"at most {limit} bytes"


def limited(receive: Receive, limit: int) -> Receive:
    """The same `receive`, raising `TooLarge` at the first byte too many."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge(limit)
        return message

    return counted


async def whole(receive: Receive) -> bytes:
    """The whole body; raises `Invalid` if the sender went away in the middle of it."""
    message = await receive()
    if not message.get("more_body"):
        return _body(message)
    parts = [_body(message)]
    while message.get("more_body"):
        message = await receive()
        parts.append(_body(message))
    return b"".join(parts)


def _body(message: Message) -> bytes:
    if message["type"] != "http.request":
        raise Invalid("the request ended before its body")
    body: bytes = message.get("body", b"")
    return body
