"""Waiting for an outcome instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Awaitable[T]], *, within: float = 10.0, every: float = 0.05
) -> T: ...


@overload
async def eventually(check: Callable[[], T], *, within: float = 10.0, every: float = 0.05) -> T: ...


async def eventually(
    check: Callable[[], T | Awaitable[T]], *, within: float = 10.0, every: float = 0.05
) -> T:
    """Call `check` until it holds and return its value; AssertionError after `within` seconds.

    It holds when it neither returns False nor raises AssertionError; any other error ends the
    waiting at once. `check` may be a plain function or one that is awaited.
    """
    deadline = asyncio.get_running_loop().time() + within
    while True:
        failure = AssertionError("the check returned False")
        try:
            value = check()
            result = cast(T, await value if inspect.isawaitable(value) else value)
            if result is not False:
                return result
        except AssertionError as error:
            failure = error
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within:g} s: {failure}") from failure
        await asyncio.sleep(every)
