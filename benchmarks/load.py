"""The load on a server: a closed loop of connections, each posting again as soon as it has a response.

A program of its own (`python -m benchmarks.load`), so that it has a core of its own. Raw sockets on
uvloop: some 15 µs a request, which is less than any of the servers takes.
"""

import argparse
import asyncio
import json
import sys
from itertools import cycle
from time import perf_counter
from typing import cast

import uvloop

from benchmarks.report import parser, write_report

ACCEPTED = 202
SHORTEST = 1e-6
CUSTOMERS = 1_000
LANGUAGES = ("en", "de", "mn", "te")
TEXT = "I was charged twice for order {} last Friday. Please look into it and refund the second. "
STATUS = slice(9, 12)


def bodies(number: int = CUSTOMERS) -> list[bytes]:
    """Contacts of as many customers, some 700 bytes each."""
    return [json.dumps(contact(n)).encode() for n in range(number)]


def contact(number: int) -> dict[str, object]:
    """A contact as publishers hand it in."""
    return {
        "reference": f"order-{number}",
        "channel": "web",
        "topic": "billing",
        "language": LANGUAGES[number % len(LANGUAGES)],
        "time_zone": "Europe/Berlin",
        "priority": 5,
        "need": {"kind": "refund", "amount": 1_999, "currency": "EUR"},
        "personal": {
            "name": "Ada Example",
            "address": f"customer-{number}@example.org",
            "subject": "Charged twice for the same order",
            "text": TEXT.format(number) * 4,
        },
    }


class Load:
    """What all connections share: what they post, until when, and what came of it."""

    def __init__(self, posts: list[bytes], seconds: float, max_requests: int) -> None:
        self._posts = cycle(posts)
        self._left, self._until = max_requests, perf_counter() + seconds
        self.began = perf_counter()
        self.ended = self.began
        self.accepted: list[float] = []
        self.refused: dict[int, int] = {}

    def next(self) -> bytes | None:
        """The next post; None when it is enough."""
        if self._left <= 0 or perf_counter() >= self._until:
            return None
        self._left -= 1
        return next(self._posts)

    def answered(self, status: int, sent: float) -> None:
        """Count a response."""
        self.ended = perf_counter()
        if status == ACCEPTED:
            self.accepted.append(self.ended - sent)
        else:
            self.refused[status] = self.refused.get(status, 0) + 1


class Connection(asyncio.Protocol):
    """Posts, waits for the whole response, posts again."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._post()

    def data_received(self, data: bytes) -> None:
        """Look whether the response is whole."""
        self._buffer = self._buffer + data if self._buffer else data
        end = whole(self._buffer)
        if end:
            self._load.answered(int(self._buffer[STATUS]), self._sent)
            self._buffer = self._buffer[end:]
            self._post()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, ours or theirs."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed a connection"))

    def _post(self) -> None:
        post = self._load.next()
        if post is None:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._sent = perf_counter()
        self._transport.write(post)


def whole(response: bytes) -> int:
    """Where a response ends; 0 while it is not whole."""
    head = response.find(b"\r\n\r\n")
    if head < 0:
        return 0
    named = response[:head].lower().find(b"content-length:")
    if named < 0:
        raise ValueError("a response without its length")
    length = response[named + 15 : response.find(b"\r\n", named)]
    end = head + 4 + int(length)
    return end if len(response) >= end else 0


async def press(options: argparse.Namespace) -> dict[str, object]:
    """Post for a while; what came of it."""
    posts = [post(options, body) for body in bodies()]
    loop = asyncio.get_running_loop()
    load = Load(posts, options.seconds, options.max_requests)
    made = [
        loop.create_connection(lambda: Connection(load), options.host, options.port)
        for _ in range(options.connections)
    ]
    connections = [protocol for _, protocol in await asyncio.gather(*made)]
    await asyncio.gather(*(each.done for each in connections))
    accepted = sorted(load.accepted)
    return {
        "accepted": len(accepted),
        "refused": load.refused,
        "per_second": len(accepted) / max(load.ended - load.began, SHORTEST),
        "p99_ms": 1_000 * accepted[int(len(accepted) * 0.99)] if accepted else 0.0,
    }


def post(options: argparse.Namespace, body: bytes) -> bytes:
    """A whole request."""
    head = (
        f"POST {options.path} HTTP/1.1\r\nHost: {options.host}:{options.port}\r\n"
        f"Authorization: Bearer {options.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main(arguments: list[str]) -> None:
    """Press on a server and report."""
    options = parser(__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--path", default="/v1/contacts")
    options.add_argument("--token", default="")
    options.add_argument("--connections", type=int, default=128)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--max-requests", type=int, default=1_000_000)
    asked = options.parse_args(arguments)
    write_report(asked, uvloop.run(press(asked)))


if __name__ == "__main__":
    main(sys.argv[1:])
