"""Ports are given out once on a machine, however long it takes until somebody listens there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.instance import ROOT
from deploy.local.ports import free_port, is_free, listens

TAKER = """
import signal, sys
from deploy.local.ports import free_port
print(free_port(*map(int, sys.argv[1:])), flush=True)
signal.pause()
"""


@contextmanager
def another_instance(*wanted: int) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A process that was given a port, that one if it is free, and does not yet listen there."""
    argv = [sys.executable, "-c", TAKER, *map(str, wanted)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process
        finally:
            process.kill()


def unclaimed() -> int:
    """A port that nobody has, not even this process."""
    with another_instance() as (port, _process):
        return port


def test_a_port_given_to_one_instance_is_not_given_to_another_before_it_listens() -> None:
    wanted = unclaimed()
    with another_instance(wanted) as (first, _process):
        assert first == wanted
        assert is_free(wanted)
        assert free_port(wanted) != wanted
        with another_instance(wanted) as (third, _process):
            assert third != wanted


def test_a_port_of_an_instance_that_was_killed_is_given_again() -> None:
    wanted = unclaimed()
    with another_instance(wanted) as (_port, process):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert free_port(wanted) == wanted


def test_an_instance_is_given_its_own_port_again_when_its_server_comes_back() -> None:
    port = free_port()
    assert free_port(port) == port
    assert free_port() != port


def test_a_process_that_was_given_a_port_or_has_ended_does_not_listen() -> None:
    with another_instance() as (port, process):
        assert not listens(process.pid, port)
    assert not listens(process.pid, port)
