"""The processes that read mails: what they survive, what ends them, and what they do not hold."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.intake.adapters.channels.email import reader_process
from services.intake.adapters.channels.email.inbound import read_mail
from services.intake.adapters.channels.email.reader_process import Job, Limit, reading_of
from services.intake.adapters.channels.email.readers import MailReaders
from services.intake.domain.mail import Envelope
from services.intake.settings import ReadingSettings
from shared.contracts.trace_context import TraceContext
from shared.kernel.errors import Invalid, Unavailable
from tests.support.eventually import eventually
from tests.unit.intake.builders import NOON

AROUND = Envelope(sender="asha@example.org", recipients=("help@rapport.example",))
MAIL = b"From: Asha <asha@example.org>\r\n\r\nMy parcel is late\r\n"
BREAKS = b"From: asha@example.org\r\nContent-Type: text/html\r\n\r\n" + b"<br>" * 2_500_000
ROOT = Path(__file__).parents[3]
PARENT = """
import asyncio
from services.intake.adapters.channels.email.readers import MailReaders
from services.intake.settings import ReadingSettings

async def main():
    readers = MailReaders(ReadingSettings())
    await readers.open()
    print("open", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def opened(**changes: Any) -> AsyncIterator[MailReaders]:
    """One process that reads, or as many as are asked for."""
    readers = MailReaders(ReadingSettings(**({"processes": 1} | changes)))
    await readers.open()
    try:
        yield readers
    finally:
        await readers.close()


def pids(parent: int | None = None) -> list[int]:
    """The processes that read mails for this one."""
    children = psutil.Process(parent).children()
    return [each.pid for each in children if reader_process.__name__ in each.cmdline()]


async def test_a_mail_is_read_as_it_would_be_here() -> None:
    trace = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    async with opened() as readers:
        assert await readers.read(MAIL, AROUND, NOON, trace) == read_mail(MAIL, AROUND, NOON, trace)
        with pytest.raises(Invalid, match="no sender"):
            await readers.read(b"\r\n", Envelope(sender="", recipients=()), NOON)
        assert len(pids()) == 1


async def test_what_takes_too_much_processor_time_is_refused_and_others_are_read() -> None:
    async with opened(processes=2, cpu_seconds=0.5) as readers:
        hostile = asyncio.create_task(readers.read(BREAKS, AROUND, NOON))
        texts = [(await readers.read(MAIL, AROUND, NOON)).text for _ in range(20)]
        with pytest.raises(Invalid, match="too much processor time"):
            await hostile
        texts.append((await readers.read(MAIL, AROUND, NOON)).text)
        assert texts == ["My parcel is late"] * 21


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
async def test_what_takes_too_much_memory_is_refused_and_others_are_read() -> None:
    async with opened(memory_bytes=16 * 2**20) as readers:
        with pytest.raises(Invalid, match="too much memory"):
            await readers.read(BREAKS, AROUND, NOON)
        assert (await readers.read(MAIL, AROUND, NOON)).text == "My parcel is late"


def test_what_gives_more_text_than_it_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_process, "MAX_OUTPUT", 0)
    reading = reading_of(Job(content=MAIL, envelope=AROUND, received_at=NOON))
    assert (reading.exceeded, reading.arrival) == (Limit.OUTPUT, None)


async def test_a_process_that_is_killed_loses_no_mail() -> None:
    async with opened() as readers:
        [pid] = pids()
        os.kill(pid, signal.SIGSTOP)
        mails = [asyncio.create_task(readers.read(MAIL, AROUND, NOON)) for _ in range(3)]
        await eventually(lambda: bool(readers._busy))
        os.kill(pid, signal.SIGKILL)
        assert [each.text for each in await asyncio.gather(*mails)] == ["My parcel is late"] * 3
        assert pid not in pids()


async def test_a_process_that_stands_still_puts_the_mail_off_and_is_replaced() -> None:
    async with opened(cpu_seconds=1, deadline_seconds=1) as readers:
        [pid] = pids()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Unavailable):
            await readers.read(MAIL, AROUND, NOON)
        assert not psutil.pid_exists(pid)


async def test_whoever_stops_waiting_does_not_stop_the_reader() -> None:
    async with opened() as readers:
        before = pids()
        given_up = asyncio.create_task(readers.read(MAIL * 10_000, AROUND, NOON))
        await asyncio.sleep(0)
        given_up.cancel()
        assert (await readers.read(MAIL, AROUND, NOON)).text == "My parcel is late"
        assert pids() == before


async def test_a_signal_for_all_does_not_end_a_mail_that_is_read() -> None:
    async with opened() as readers:
        [pid] = pids()
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        assert (await readers.read(MAIL, AROUND, NOON)).text == "My parcel is late"
        assert pids() == [pid]
        assert os.getsid(pid) != os.getsid(0)


async def test_a_process_that_reads_holds_no_socket_and_no_secret_of_ours() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server, opened():
        [pid] = pids()
        assert psutil.Process(pid).net_connections() == []
        assert psutil.Process(pid).environ().keys() == {"PYTHONPATH"}


async def test_they_end_with_the_process_they_read_for() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    assert await parent.stdout.readline() == b"open\n"
    readers = pids(parent.pid)
    assert len(readers) == ReadingSettings().processes
    parent.kill()
    await parent.communicate()
    await eventually(lambda: not any(map(psutil.pid_exists, readers)))
