"""Child processes: started apart from the terminal, watched while they start, stopped in order."""

import functools
import http
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.failure import LaunchFailure
from deploy.local.ports import LOOPBACK, is_free, listens

# Linux ends a child when the *thread* that started it ends, so one thread that lives as long as
# this process starts them all.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass(frozen=True)
class Child:
    """A running program, its log file and where in it its own lines begin, and how to stop it."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    begins: int = 0
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def pid(self) -> int:
        return self.popen.pid

    def alive(self) -> bool:
        return self.popen.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        if self.alive():
            self.popen.send_signal(self.stop_signal)

    def stop(self, within: float = 10.0) -> bool:
        """Ask it to stop and wait; kill it after `within` seconds. True if it stopped by itself."""
        self.ask_to_stop()
        return self.ends(within)

    def ends(self, within: float) -> bool:
        """Wait for its end; kill it after `within` seconds. True if it ended by itself."""
        try:
            self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """End it as a crash would (SIGKILL) and wait until it is gone."""
        self.popen.kill()
        self.popen.wait()


def spawn(
    name: str,
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program in a session of its own, output appended to `log`.

    Ctrl-C in the terminal does not reach it; on Linux it is asked to stop when this process dies.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    begins = log.stat().st_size
    popen = _spawner.submit(_popen, argv, log, env, cwd, stop_signal).result()
    return Child(name, popen, log, begins, stop_signal)


def _popen(
    argv: Sequence[str],
    log: Path,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    stop_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [*_stopped_with_parent(stop_signal), *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
        )


@functools.cache
def _stopped_with_parent(stop_signal: signal.Signals) -> list[str]:
    """What to put before a program so that the system stops it when we die; empty if it cannot."""
    prefix = ["setpriv", f"--pdeathsig={stop_signal.name.removeprefix('SIG')}"]
    return prefix if works([*prefix, "true"]) else []


def works(argv: Sequence[str]) -> bool:
    """Whether a short program is there and succeeds."""
    try:
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def stop_all(children: Sequence[Child], within: float) -> None:
    """Ask all to stop, once, then wait for each; kill those that are still there after `within`.

    Being asked again means being in a hurry: a service ends at once then.
    """
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + within
    for child in children:
        child.ends(within=max(0.0, deadline - time.monotonic()))


def run(
    argv: Sequence[str],
    what: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a short program to its end and return its output; LaunchFailure, with it, if it fails."""
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        raise LaunchFailure(f"{what} failed (exit {done.returncode}):\n{done.stdout[-2000:]}")
    return done.stdout


def wait_until_ready(child: Child, ready: Callable[[], bool], within: float) -> None:
    """Return once `ready()`; LaunchFailure with the end of its log if it dies or takes too long."""
    deadline = time.monotonic() + within
    while not ready():
        if _ended_within(child, 0.05):
            status = child.popen.returncode
            raise LaunchFailure(f"{child.name} ended with status {status}.\n{tail(child)}")
        if time.monotonic() > deadline:
            raise LaunchFailure(f"{child.name} is not ready in {within:g} s.\n{tail(child)}")


def wait_until_serving(
    child: Child, port: int, answers: Callable[[], bool] = lambda: True, within: float = 60.0
) -> None:
    """Return once `answers()`, and it is this child who listens on `port`; else LaunchFailure.

    Whoever had the port before answers just as well, and ours ends only when it finds that out.
    """
    try:
        wait_until_ready(child, lambda: answers() and listens(child.pid, port), within)
    except LaunchFailure as failure:
        if is_free(port) or listens(child.pid, port):
            raise
        raise LaunchFailure(f"{_taken(child, port)}\n{failure}") from failure


def require_serving(child: Child, port: int) -> None:
    """LaunchFailure with the end of its log unless it lives and listens on `port`."""
    if not child.alive():
        raise LaunchFailure(f"{child.name} has ended.\n{tail(child)}")
    if not listens(child.pid, port):
        raise LaunchFailure(f"{child.name} does not listen on port {port}.\n{tail(child)}")


def _taken(child: Child, port: int) -> str:
    return (
        f"Another program listens on port {port}, which {child.name} was to have. "
        "Start again: another port is taken then."
    )


def _ended_within(child: Child, seconds: float) -> bool:
    try:
        child.popen.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def http_ok(port: int, path: str) -> bool:
    """Whether the loopback address answers GET `path` with 200 within one second."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail(child: Child, lines: int = 20) -> str:
    """The last of what it has written to its log, introduced by the log's path.

    What others of its name wrote before it was started is theirs.
    """
    try:
        written = child.log.read_bytes()[child.begins :]
    except OSError:
        written = b""
    end = written.decode(errors="replace").splitlines()[-lines:]
    return f"The end of {os.path.relpath(child.log)}:\n" + "\n".join(f"  {line}" for line in end)
