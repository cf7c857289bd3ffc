"""Periodic work: one run after another, when its time has come or a signal is set.

    JOBS = {
        "dispatcher": Job(dispatch, "dispatch"),  # whoever waits to whoever is free
        "forecaster": Job(forecast),
    }

A service keeps its jobs in one such table; `periodic_jobs` makes parts of a worker of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from shared.jobs.backoff import Backoff, pause
from shared.jobs.signals import Signal, Signals
from shared.kernel.errors import Unavailable
from shared.observability.outages import Trouble

Command: TypeAlias = Callable[[], Awaitable[float]]
"""Does what is due now, and returns in how many seconds the next run is due unless signalled."""

C = TypeVar("C")


class Job(NamedTuple, Generic[C]):
    """One row of a service's table: what it runs, and the signal that wakes it before its time."""

    run: Callable[[C], Awaitable[float]]
    signal: str = ""


class PeriodicJob:
    """A part of a worker that runs one command again and again. Any number of processes may run it.

    It works half of the time at most, so that in a rush a run takes more at once instead of keeping
    the machine from those who bring the work. A part that is away is tried again with backoff.
    """

    def __init__(
        self, name: str, command: Command, *, signals: Signals | None = None, signal: str = ""
    ) -> None:
        """`signal` names what wakes it early; without `signals` time alone does."""
        self._command = command
        self._signals, self._signal = signals, signal
        self._trouble = Trouble(name)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a run that was begun is finished."""
        backoff = Backoff()
        with self._woken(stop) as wake:
            while not stop.is_set():
                try:
                    began = _now()
                    seconds = await self._command()
                    self._trouble.over()
                    backoff.reset()
                    took = _now() - began
                    await pause(stop, took)
                    await wake.wait(0 if stop.is_set() else max(seconds - took, 0))
                except Unavailable as error:
                    self._trouble.met(error)
                    await backoff.wait(stop)

    async def check(self) -> None:
        """Raises `Unavailable` with what keeps the job from running, if anything does."""
        await self._trouble.check()

    @contextmanager
    def _woken(self, stop: asyncio.Event) -> Iterator[Signal]:
        """What ends a wait early: the job's signal, and the end of the process."""
        with self._subscribed() as wake:
            stopping = asyncio.create_task(stop.wait())
            stopping.add_done_callback(lambda _: wake.set())
            try:
                yield wake
            finally:
                stopping.cancel()

    @contextmanager
    def _subscribed(self) -> Iterator[Signal]:
        if self._signals is None:
            yield Signal()
            return
        with self._signals.subscribe(self._signal) as signal:
            yield signal


def _now() -> float:
    return asyncio.get_running_loop().time()


def periodic_jobs(
    table: Mapping[str, Job[C]], context: C, signals: Signals | None = None
) -> dict[str, PeriodicJob]:
    """The jobs as parts of a worker, by name; each runs with the same context."""
    return {
        name: PeriodicJob(
            name,
            partial(job.run, context),
            signals=signals if job.signal else None,
            signal=job.signal,
        )
        for name, job in table.items()
    }


def seconds_until(due: datetime | None, now: datetime, *, shortest: float, longest: float) -> float:
    """How long to wait for what is due next: within these bounds, and the longest if nothing is."""
    if due is None:
        return longest
    return min(max((due - now).total_seconds(), shortest), longest)
