"""The machine: who runs on which core, whether it is quiet, and what it is."""

import os
import platform
from contextlib import suppress
from pathlib import Path
from threading import Event

import psutil

WORKER, OTHER = 0, 1
"""The core of what is measured; the core of what loads it or carries its events."""

QUIET_SHARE = 0.9


def tell(line: str) -> None:
    """One line for the person who waits."""
    os.write(1, f"{line}\n".encode())


def pin(pid: int, core: int) -> None:
    """Keep a process, and the threads it has, on one core where the machine allows it."""
    with suppress(AttributeError, OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core % (os.cpu_count() or 1)})


def rest(seconds: float) -> None:
    """Let time pass."""
    Event().wait(seconds)


def processor_seconds(pid: int) -> float:
    """Processor time that a process has had; 0 when it is gone."""
    with suppress(psutil.NoSuchProcess):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
    return 0.0


def wait_until_quiet(seconds: float) -> bool:
    """Return once the machine was idle for a second; False if that did not come in time."""
    waited = 0.0
    while waited < seconds:
        if psutil.cpu_percent(interval=1.0) <= 100 * (1 - QUIET_SHARE):
            return True
        waited += 1.0
    return not seconds


def description() -> str:
    """The machine and its programs in one line."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
