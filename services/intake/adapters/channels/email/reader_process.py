"""A process that reads mails for another, one after the other, within limits of its own.

It is started with its limits as arguments, gets mails and gives readings in frames (four bytes of length, then
MessagePack) on standard input and output, and ends when nobody asks any more.
"""

import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from services.intake.adapters.channels.email.inbound import read_mail
from services.intake.domain.arrival import Arrival
from services.intake.domain.mail import Envelope
from shared.kernel.errors import Invalid

LENGTH: Final = struct.Struct("!I")
MAX_OUTPUT: Final = 4
"""How many times as long as a mail its text may be."""
_WITHOUT_PROC: Final = 2**30
"""What we take for the size of a process where the system does not tell it."""


class Limit(StrEnum):
    """What the reading of a mail may exceed."""

    CPU = "cpu"
    MEMORY = "memory"
    OUTPUT = "output"
    CRASH = "crash"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be read."""

    content: bytes
    envelope: Envelope
    received_at: datetime


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The arrival in it, or why there is none: a reason, or the limit that it exceeded."""

    arrival: Arrival | None = None
    reason: str = ""
    exceeded: Limit | None = None


def main(cpu_seconds: float, memory_bytes: int) -> None:
    """Read until there is nothing more to read, or memory was exhausted once."""
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the results
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # who asks decides when this process ends
    _limit(memory_bytes)
    _send(results, b"")
    while frame := _receive(sys.stdin.buffer):
        reading = _read(frame, cpu_seconds)
        _send(results, msgspec.msgpack.encode(reading))
        if reading.exceeded is Limit.MEMORY:
            return


def reading_of(job: Job) -> Reading:
    """Read it; never raises over what is in it."""
    try:
        arrival = read_mail(job.content, job.envelope, job.received_at)
    except Invalid as refused:
        return Reading(reason=refused.detail)
    if len(arrival.full_text or arrival.text) > MAX_OUTPUT * len(job.content):
        return Reading(exceeded=Limit.OUTPUT)
    return Reading(arrival=arrival)


def _read(frame: bytes, cpu_seconds: float) -> Reading:
    """Within the time: the timer counts this process alone, and nothing but its end stops it."""
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return reading_of(msgspec.msgpack.decode(frame, type=Job))
    except MemoryError:
        return Reading(exceeded=Limit.MEMORY)
    except Exception as error:  # noqa: BLE001 - its text may hold the customer's words, its name does not
        return Reading(reason=f"the mail cannot be read: {type(error).__name__}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _limit(memory_bytes: int) -> None:
    """So much more than there is now; and no image of it is left behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = _size() + memory_bytes
    with suppress(ValueError, OSError):  # not every system has it
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _size() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return _WITHOUT_PROC
    return pages * resource.getpagesize()


def _receive(stream: BinaryIO) -> bytes:
    head = stream.read(LENGTH.size)
    return stream.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else b""


def _send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(LENGTH.pack(len(frame)) + frame)
    stream.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
