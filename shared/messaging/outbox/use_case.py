"""A use case: what it answers and what it publishes, in the one transaction that it is.

The events are appended last, here and in the consumer and nowhere else. Until then a transaction
holds no lock on an aggregate's sequence, and whatever it wrote stands in the order in which the relay
reads (ADR 0014).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from shared.contracts.cloudevents import Outgoing, source_of
from shared.database.database import Database, Tx
from shared.messaging.outbox.append import append

A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Result(NamedTuple, Generic[A_co]):
    """What a use case answers its caller, and the events that tell of what it did."""

    answer: A_co
    events: Sequence[Outgoing] = ()


async def execute(database: Database, use_case: Callable[[Tx], Awaitable[Result[A]]]) -> A:
    """Run it in a transaction of its own; its answer, once state and events are committed.

    Raises what the use case raises, `Unavailable` if the database is away, and `Invalid` for an event
    that is larger than its topic takes. Then nothing has happened.
    """
    async with database.transaction() as tx:
        result = await use_case(tx)
        await append(tx, source_of(database.service), result.events)
    return result.answer
