"""Freezing a process for a while."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process and all its children stand still inside the block: connected, and silent."""
    process = psutil.Process(pid)
    family = [process.pid, *(child.pid for child in process.children(recursive=True))]
    for member in family:
        os.kill(member, signal.SIGSTOP)
    try:
        yield
    finally:
        for member in family:
            os.kill(member, signal.SIGCONT)
