"""Mails are read in processes of their own, so that none of them can hold up or end the service."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from services.intake.adapters.channels.email import reader_process
from services.intake.adapters.channels.email.reader_process import (
    LENGTH,
    MAX_OUTPUT,
    Job,
    Limit,
    Reading,
)
from services.intake.domain.arrival import Arrival
from services.intake.domain.mail import Envelope
from services.intake.settings import ReadingSettings
from shared.contracts.trace_context import TraceContext
from shared.kernel.errors import Failure, Invalid, Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

ATTEMPTS: Final = 2
REASONS: Final = {
    Limit.CPU: "reading the mail took too much processor time",
    Limit.MEMORY: "reading the mail took too much memory",
    Limit.OUTPUT: "the mail gives far more text than it holds",
    Limit.CRASH: "the process that read the mail ended without a result, twice",
}
_BYTES_OF_A_LETTER: Final = 4
_AROUND: Final = 2**20
"""Bytes of a reading beside texts and files: headers, names, ids."""

log = get_logger(__name__)


class MailReaders:
    """A few processes, each with one mail at a time; a mail that exceeds a limit takes its process along.

    What ends a process may be the machine's doing, so the mail is given to a fresh one once more; only
    processor time is the mail's own doing at once.
    """

    def __init__(self, settings: ReadingSettings) -> None:
        self._settings = settings
        self._readers = [_Reader(settings) for _ in range(settings.processes)]
        self._idle: asyncio.LifoQueue[_Reader] = asyncio.LifoQueue()
        self._busy: set[asyncio.Task[Arrival | Failure]] = set()
        for reader in self._readers:
            self._idle.put_nowait(reader)
        for limit in Limit:
            metrics.intake_unreadable_mails.labels(limit)

    async def open(self) -> None:
        """Start the processes; raises `Unavailable` where one does not start."""
        await asyncio.gather(*(reader.start() for reader in self._readers))

    async def close(self) -> None:
        """End them. What is being read is given up."""
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)
        await asyncio.gather(*(reader.end() for reader in self._readers))

    async def read(
        self,
        content: bytes,
        envelope: Envelope,
        received_at: datetime,
        trace: TraceContext | None = None,
    ) -> Arrival:
        """The arrival in a mail. Raises `Invalid`, also where it exceeds a limit, and `Unavailable`."""
        job = msgspec.msgpack.encode(
            Job(content=content, envelope=envelope, received_at=received_at)
        )
        reader = await self._idle.get()
        task = asyncio.create_task(self._read(reader, job, len(content)))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)
        # Whoever stops waiting does not stop the reader in the middle of a reading.
        found = await asyncio.shield(task)
        if isinstance(found, Failure):
            raise found
        return msgspec.structs.replace(found, trace=trace)

    async def _read(self, reader: "_Reader", job: bytes, size: int) -> Arrival | Failure:
        try:
            return _outcome(await self._reading(reader, job, size))
        except Failure as failure:
            return failure
        finally:
            self._idle.put_nowait(reader)

    async def _reading(self, reader: "_Reader", job: bytes, size: int) -> Reading:
        reading = Reading(exceeded=Limit.CRASH)
        for _ in range(ATTEMPTS):
            reading = await reader.ask(job, _longest_reading(size))
            if reading.exceeded not in (Limit.MEMORY, Limit.CRASH):
                break
            log.warning("a process that reads mails has ended", exceeded=reading.exceeded)
        return reading


class _Reader:
    """One process after another: when one has ended, the next is started with the next mail."""

    def __init__(self, settings: ReadingSettings) -> None:
        self._settings = settings
        self._process: Process | None = None

    async def start(self) -> Process:
        """The process, which is started if there is none; raises `Unavailable`."""
        if self._process is not None:
            return self._process
        try:
            self._process = await self._spawn()
            async with asyncio.timeout(self._settings.deadline_seconds):
                await _frame(self._process, longest=0)
        except (OSError, EOFError, TimeoutError) as error:
            await self.end()
            raise Unavailable("a process that reads mails did not start") from error
        return self._process

    async def ask(self, job: bytes, longest: int) -> Reading:
        """What it makes of this; raises `Unavailable` where that takes too long by the clock on the wall."""
        process = await self.start()
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                await _send(process, job)
                reading = msgspec.msgpack.decode(await _frame(process, longest), type=Reading)
        except TimeoutError as error:
            await self.end()
            raise Unavailable("reading a mail takes too long at the moment") from error
        except (OSError, EOFError, msgspec.DecodeError):
            return Reading(exceeded=_limit_of(await self.end()))
        except OverflowError:
            await self.end()
            return Reading(exceeded=Limit.OUTPUT)
        except asyncio.CancelledError:
            await self.end()
            raise
        if reading.exceeded is Limit.MEMORY:
            await self.end()
        return reading

    async def end(self) -> int | None:
        """Kill the process unless it has ended by itself; its exit status, None if there was no process."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            with suppress(ProcessLookupError):
                # Its own `kill` would first collect the status, which the event loop then waits for in vain.
                os.kill(process.pid, signal.SIGKILL)
        await process.communicate()
        return process.returncode

    async def _spawn(self) -> Process:
        """In a session of its own, where the terminal's signals do not reach it, and without our secrets."""
        settings = self._settings
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            reader_process.__name__,
            str(settings.cpu_seconds),
            str(settings.memory_bytes),
            stdin=PIPE,
            stdout=PIPE,
            env={"PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)},
            start_new_session=True,
        )


async def _send(process: Process, job: bytes) -> None:
    assert process.stdin  # noqa: S101 - it was started with a pipe
    process.stdin.write(LENGTH.pack(len(job)))
    process.stdin.write(job)
    await process.stdin.drain()


async def _frame(process: Process, longest: int) -> bytes:
    """The next one; raises `EOFError` where the process has ended, `OverflowError` where it is too long."""
    assert process.stdout  # noqa: S101 - it was started with a pipe
    [length] = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > longest:
        raise OverflowError
    return await process.stdout.readexactly(length)


def _longest_reading(size: int) -> int:
    """Text, the same with its quotes, and files."""
    return (2 * MAX_OUTPUT * _BYTES_OF_A_LETTER + 1) * size + _AROUND


def _limit_of(status: int | None) -> Limit:
    return Limit.CPU if status == -signal.SIGPROF else Limit.CRASH


def _outcome(reading: Reading) -> Arrival | Failure:
    if reading.arrival is not None:
        return reading.arrival
    if reading.exceeded is None:
        return Invalid(reading.reason)
    metrics.intake_unreadable_mails.labels(reading.exceeded).inc()
    return Invalid(REASONS[reading.exceeded])
