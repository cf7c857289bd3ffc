"""One launcher per folder, and nothing left of a killed one."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.failure import LaunchFailure
from deploy.local.instance import ROOT, Instance, holder_of, read_state
from deploy.local.parts import LocalParts
from deploy.local.ports import LOOPBACK
from deploy.local.processes import require_serving, wait_until_ready, wait_until_serving

IDLE = [sys.executable, "-c", "import signal; signal.pause()"]
DEFIANT = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""
LAUNCHER = """
import signal, sys
from pathlib import Path
from deploy.local.parts import LocalParts
LocalParts(Path(sys.argv[1]), "embedded").start()
print("started", flush=True)
signal.pause()
"""


def test_two_launchers_of_one_folder_refuse_and_name_who_has_it(home: Path) -> None:
    first = Instance(home)
    with pytest.raises(LaunchFailure, match=f"process {os.getpid()} runs it"):
        Instance(home)
    assert holder_of(home) == os.getpid()
    first.release()
    assert holder_of(home) is None
    Instance(home).release()


def test_what_a_killed_launcher_left_running_is_ended(home: Path) -> None:
    left = _leave_behind(home, created_seconds_off=0)
    Instance(home).release()
    assert not _lives(left.pid)
    left.wait()


def test_a_stranger_who_got_the_number_of_a_dead_process_is_left_alone(home: Path) -> None:
    stranger = _leave_behind(home, created_seconds_off=-3600)
    try:
        Instance(home).release()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_torn_state_file_does_not_stop_the_next_start(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "state.json").write_text('{"processes": [')
    Instance(home).release()
    assert read_state(home)["processes"] == []


def test_a_launcher_killed_in_full_run_leaves_nothing_that_stops_the_next(home: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(home)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == b"started\n"
    former = [one["pid"] for one in read_state(home)["processes"]]
    launcher.kill()
    launcher.communicate()
    with LocalParts(home, "embedded") as parts:
        assert parts.postgres.psql("SELECT 1").strip() == "1"
        assert not any(_lives(pid) for pid in former)


def test_a_process_that_will_not_stop_is_killed(instance: Instance) -> None:
    child = instance.spawn("defiant", [sys.executable, "-c", DEFIANT])
    wait_until_ready(child, lambda: "ready" in child.log.read_text(), within=10)
    assert child.stop(within=0.2) is False
    assert not child.alive()


def test_a_program_that_ends_while_starting_is_reported_with_its_last_words(
    instance: Instance,
) -> None:
    child = instance.spawn("short", [sys.executable, "-c", "raise SystemExit('no such queue')"])
    with pytest.raises(LaunchFailure, match=r"short ended with status 1(.|\n)*no such queue"):
        wait_until_ready(child, lambda: False, within=10)


def test_a_program_that_is_too_slow_is_reported_with_the_time_it_was_given(
    instance: Instance,
) -> None:
    child = instance.spawn("slow", IDLE)
    with pytest.raises(LaunchFailure, match=r"slow is not ready in 0\.1 s"):
        wait_until_ready(child, lambda: False, within=0.1)


def test_a_failed_start_shows_nothing_of_what_earlier_starts_wrote(instance: Instance) -> None:
    earlier = instance.spawn("short", [sys.executable, "-c", "raise SystemExit('of yesterday')"])
    earlier.ends(within=10)
    child = instance.spawn("short", [sys.executable, "-c", "raise SystemExit('of today')"])
    with pytest.raises(LaunchFailure) as failed:
        wait_until_ready(child, lambda: False, within=10)
    assert "of yesterday" in child.log.read_text()
    assert "of today" in str(failed.value)
    assert "of yesterday" not in str(failed.value)


def test_another_one_who_answers_in_its_place_does_not_make_a_program_ready(
    instance: Instance, another: int
) -> None:
    child = instance.spawn("idle", IDLE)
    with pytest.raises(LaunchFailure, match=f"Another program listens on port {another}, .* idle"):
        wait_until_serving(child, another, within=0.1)


def test_a_program_must_live_and_have_its_port_to_be_relied_on(
    instance: Instance, another: int
) -> None:
    child = instance.spawn("idle", IDLE)
    with pytest.raises(LaunchFailure, match=f"idle does not listen on port {another}"):
        require_serving(child, another)
    child.kill()
    with pytest.raises(LaunchFailure, match="idle has ended"):
        require_serving(child, another)


def test_ending_an_instance_ends_what_it_started(instance: Instance) -> None:
    child = instance.spawn("forgotten", IDLE)
    instance.release()
    assert not child.alive()


@pytest.fixture
def another() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


def _leave_behind(home: Path, created_seconds_off: int) -> subprocess.Popen[bytes]:
    """A living process, and a state file such as a killed launcher leaves that describes it."""
    process = subprocess.Popen(IDLE)
    created = psutil.Process(process.pid).create_time() + created_seconds_off
    described = {"name": "left", "pid": process.pid, "created": created, "stop_signal": 15}
    home.mkdir(parents=True)
    (home / "state.json").write_text(json.dumps({"processes": [described]}))
    return process


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
