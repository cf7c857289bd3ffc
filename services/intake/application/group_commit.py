"""Group commit: whoever waits for a commit shares it with all who wait at that moment."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import Generic, TypeVar

from shared.jobs.backoff import rest
from shared.kernel.errors import Cancelled, Overloaded, Unavailable

T = TypeVar("T")
R = TypeVar("R")

Waiting = tuple[T, asyncio.Future[R]]

WORTH_A_FLUSH = 16
"""So many items cost about as much by themselves as the transaction around them."""


class GroupCommit(Generic[T, R]):
    """Turns single items into sets: a flush, and a rest as long as it took, are the window of the next.

    Nobody waits while nothing is in flight, and a set that is worth a flush waits for no rest.
    At most `max_in_flight` flushes run at once, each with up to `max_batch` items of `max_bytes` by their
    `size`, or one that is larger: all that wait. Beside one that runs another begins only for a set that
    is worth it.
    If a set fails, it is halved until what is wrong stands alone and fails alone; but `Unavailable` is
    everybody's, and so is `Cancelled` where not even the neighbour of one that fails alone is flushed.
    Beyond `backlog` waiting items new ones are refused with `Overloaded`.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        size: Callable[[T], int] = lambda _: 0,
        max_in_flight: int = 2,
        max_batch: int = 500,
        max_bytes: int = 8 * 2**20,
        backlog: int = 10_000,
    ) -> None:
        self._flush, self._size, self._backlog = flush, size, backlog
        self._max_batch, self._max_bytes = max_batch, max_bytes
        self._max_in_flight = self._free = max_in_flight
        self._queue: deque[Waiting[T, R]] = deque()
        self._worth_it = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: T) -> R:
        """The item's own result, once it is committed; raises what its flush raised.

        Whoever stops waiting does not stop the item.
        """
        if len(self._queue) >= self._backlog:
            raise Overloaded("too many requests are waiting for the database")
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if len(self._queue) >= WORTH_A_FLUSH:
            self._worth_it.set()
        if self._is_worth_a_flush():
            self._free -= 1
            worker = asyncio.create_task(self._work())
            self._running.add(worker)
            worker.add_done_callback(self._running.discard)
        return await future

    def _is_worth_a_flush(self) -> bool:
        """The first at once; another one beside it only for a set that is worth a transaction."""
        alone = self._free == self._max_in_flight
        return alone or (self._free > 0 and self._worth_it.is_set())

    @property
    def waiting(self) -> int:
        """How many items no flush has taken yet."""
        return len(self._queue)

    async def drained(self) -> None:
        """Returns when nothing waits any more."""
        while self._running:
            await asyncio.wait(self._running)

    async def _work(self) -> None:
        try:
            await asyncio.sleep(0)  # let everyone who is ready in this turn of the loop join
            while self._queue:
                began = asyncio.get_running_loop().time()
                await self._process(self._next())
                await rest(self._worth_it, began)
        finally:
            self._free += 1

    def _next(self) -> list[Waiting[T, R]]:
        batch = [self._queue.popleft()]
        size = self._size(batch[0][0])
        while self._queue and len(batch) < self._max_batch:
            size += self._size(self._queue[0][0])
            if size > self._max_bytes:
                break
            batch.append(self._queue.popleft())
        if len(self._queue) < WORTH_A_FLUSH:
            self._worth_it.clear()
        return batch

    async def _process(self, batch: list[Waiting[T, R]]) -> None:
        left, has_committed, was_cancelled = [batch], False, False
        while left:
            items = left.pop()
            error = await self._try(items)
            is_cancelled = isinstance(error, Cancelled)
            is_outage = was_cancelled and not has_committed if is_cancelled else _is_away(error)
            if error is None:
                has_committed = True
            elif is_outage:
                _refuse(chain(items, *left), error)
                return
            elif len(items) == 1:
                was_cancelled |= is_cancelled
                _refuse(items, error)
            else:
                left += [items[len(items) // 2 :], items[: len(items) // 2]]

    async def _try(self, batch: list[Waiting[T, R]]) -> Exception | None:
        try:
            results = await self._flush([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is given to those who wait
            return error
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
        return None


def _is_away(error: Exception | None) -> bool:
    return isinstance(error, Unavailable)


def _refuse(batch: Iterable[Waiting[T, R]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
