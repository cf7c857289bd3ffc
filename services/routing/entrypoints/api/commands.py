"""How a request becomes one transaction, and the same request with the same key the same answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response

from shared.database.database import Database, Tx
from shared.http.answer import Answer, json_answer
from shared.http.auth import Caller, require
from shared.http.idempotency import LONGEST_KEY, VISIBLE, Ask, fingerprint_of, once, valid_key
from shared.kernel.clock import Clock

T = TypeVar("T")
Work = Callable[[Tx, datetime], Awaitable[T]]
Show = Callable[[T], Answer]
_KEY = Header(
    alias="Idempotency-Key",
    min_length=1,
    max_length=LONGEST_KEY,
    pattern=VISIBLE,
    description="The same key gives the same answer for 24 h; with another body, 422.",
)
Key = Annotated[str | None, _KEY]
RequiredKey = Annotated[str, _KEY]


@dataclass(frozen=True, slots=True)
class Call:
    """An agent asks for something to be done."""

    agent_id: str
    request: Request
    key: str | None

    async def ask(self) -> Ask | None:
        """What tells this request from others; None without a key."""
        if self.key is None:
            return None
        route = f"{self.request.method} {self.request.url.path}"
        body = await self.request.body()
        return Ask(self.agent_id, route, valid_key(self.key), fingerprint_of(body))


def _call(request: Request, caller: Annotated[Caller, require("desk")], key: Key = None) -> Call:
    return Call(caller.subject, request, key)


def _keyed_call(
    request: Request, caller: Annotated[Caller, require("desk")], key: RequiredKey
) -> Call:
    return Call(caller.subject, request, key)


AgentCall = Annotated[Call, Depends(_call)]
KeyedAgentCall = Annotated[Call, Depends(_keyed_call)]
"""A call that is refused (422) without a key: where money moves, a retry must not do it twice."""


class Commands:
    """Runs use cases."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock = database, clock

    async def do(self, call: Call, work: Work[T], show: Show[T]) -> Response:
        """Do the work in one transaction and show what came of it; with a key, at most once."""
        now, ask = self.clock.now(), await call.ask()
        async with self.database.transaction() as tx:

            async def done() -> Answer:
                return show(await work(tx, now))

            return respond(await once(tx, ask, done, now) if ask else await done())


def respond(answer: Answer) -> Response:
    """The answer as the framework sends it."""
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.head()
    return response


def respond_json(content: object) -> Response:
    """200 with this content in JSON."""
    return respond(json_answer(200, content))
