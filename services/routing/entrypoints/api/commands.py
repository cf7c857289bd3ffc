"""How a request becomes one transaction, and the same request with the same key the same response."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Response

from shared.contracts.cloudevents import Outgoing
from shared.database.database import Database, Tx
from shared.http.auth import Caller, require
from shared.http.idempotency import LONGEST_KEY, VISIBLE, Ask, fingerprint_of, once, valid_key
from shared.http.response import HttpResponse, json_response
from shared.kernel.clock import Clock
from shared.messaging.outbox.use_case import Result, execute

T = TypeVar("T")
Command = Callable[[Tx, datetime], Awaitable[Result[T]]]
Show = Callable[[T], HttpResponse]
_KEY = Header(
    alias="Idempotency-Key",
    min_length=1,
    max_length=LONGEST_KEY,
    pattern=VISIBLE,
    description="The same key gives the same response for 24 h; with another body, 422.",
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
    """Executes commands."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock = database, clock

    async def execute(self, command: Command[T]) -> T:
        """Execute it in one transaction, its events last; its answer."""
        now = self.clock.now()
        return await execute(self.database, lambda tx: command(tx, now))

    async def respond(self, call: Call, command: Command[T], show: Show[T]) -> Response:
        """Execute it and show its answer; under the same key once, and then as it was shown before.

        The response is stored for its key before the events are appended.
        """
        ask = await call.ask()

        async def shown(tx: Tx, now: datetime) -> Result[HttpResponse]:
            events: list[Outgoing] = []

            async def execute_command() -> HttpResponse:
                result = await command(tx, now)
                events.extend(result.events)
                return show(result.answer)

            response = await (once(tx, ask, execute_command, now) if ask else execute_command())
            return Result(response, events)

        return respond(await self.execute(shown))


def respond(answer: HttpResponse) -> Response:
    """The answer as the framework sends it."""
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.head()
    return response


def respond_json(content: object) -> Response:
    """200 with this content in JSON."""
    return respond(json_response(200, content))
