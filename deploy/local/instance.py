"""One running copy of local parts: its folder, its lock, and the processes started for it."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import Any, TextIO

import psutil

from deploy.local.failure import LaunchFailure
from deploy.local.processes import Child, spawn, stop_all

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"


class Instance:
    """A folder that one launcher at a time holds; whatever an earlier, killed one left is ended.

    `home/state.json` names the processes (with their start times, as numbers of processes are
    used again) and remembers facts such as ports; `home/logs` has one log per process.
    """

    def __init__(self, home: Path, *, fresh: bool = False) -> None:
        """Take the folder. LaunchFailure if somebody else has it. `fresh` empties it first."""
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock_file = _take(self.home)
        end_processes(read_state(self.home).get("processes", []))
        if fresh:
            _empty(self.home)
        self._writing = Lock()
        self._children: list[Child] = []
        self._processes: list[dict[str, Any]] = []
        self._facts: dict[str, Any] = read_state(self.home).get("facts", {})
        self._write()

    def spawn(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a process that belongs to this instance and write down that it exists.

        It starts in `cwd`, by default at the root of the sources.
        """
        log = self.home / "logs" / f"{name}.log"
        child = spawn(name, argv, log=log, env=env, cwd=cwd or ROOT, stop_signal=stop_signal)
        with self._writing:
            self._children.append(child)
            self._processes = [one for one in self._processes if not _replaced(one, name)]
            self._processes.append(_description(child))
            self._write()
        return child

    def child(self, name: str) -> Child | None:
        """The process that was last started under this name."""
        return next((one for one in reversed(self._children) if one.name == name), None)

    def fact(self, name: str) -> Any:
        """What was noted under `name`, also by an earlier run; None if nothing was."""
        return self._facts.get(name)

    def note(self, **facts: Any) -> None:
        """Remember JSON-able facts in the state file."""
        with self._writing:
            self._facts.update(facts)
            self._write()

    def release(self) -> None:
        """Stop what still runs and give the folder back."""
        stop_all(self._children, within=10)
        with self._writing:
            self._processes.clear()
            self._write()
        self._lock_file.close()

    def _write(self) -> None:
        state = {"launcher": os.getpid(), "processes": self._processes, "facts": self._facts}
        draft = self.home / "state.json.new"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(state, indent=2))
        draft.replace(self.home / "state.json")


def read_state(home: Path) -> dict[str, Any]:
    """The state file of an instance; empty if there is none."""
    try:
        state: dict[str, Any] = json.loads((home / "state.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return state


def holder_of(home: Path) -> int | None:
    """The number of the process that holds the instance in `home`; None if nobody does."""
    try:
        file = (home / "lock").open("r+")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)
    return None


def end_processes(described: Sequence[Mapping[str, Any]], within: float = 10.0) -> None:
    """End those of the described processes that still live: ask all, kill who does not go."""
    asked = []
    for one in reversed(described):
        process = find(one)
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(one["stop_signal"])
            asked.append(process)
    kill_processes(wait_until_gone(asked, within))


def kill_processes(processes: Sequence[psutil.Process]) -> None:
    """End processes as a crash would and wait until they are gone."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until_gone(processes, within=5.0)


def wait_until_gone(processes: Sequence[psutil.Process], within: float) -> list[psutil.Process]:
    """Wait for processes to end; those that did not, after `within` seconds.

    A dead process that nobody has collected yet counts as gone: no child of ours, it may never be.
    """
    deadline = time.monotonic() + within
    left = [process for process in processes if _lives(process)]
    while left and time.monotonic() < deadline:
        _, waiting = psutil.wait_procs(left, timeout=0.05)
        left = [process for process in waiting if _lives(process)]
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def find(described: Mapping[str, Any]) -> psutil.Process | None:
    """The living process a state file describes; None if it ended, whoever has its number now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(described["pid"])
        if abs(process.create_time() - described["created"]) < 1.0 and _lives(process):
            return process
    return None


def _replaced(described: Mapping[str, Any], name: str) -> bool:
    """Whether it ended, and another one of its name takes its place."""
    return described["name"] == name and find(described) is None


def _description(child: Child) -> dict[str, Any]:
    try:
        created = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:
        created = 0.0
    return {
        "name": child.name,
        "pid": child.pid,
        "created": created,
        "stop_signal": int(child.stop_signal),
    }


def _take(home: Path) -> TextIO:
    file = (home / "lock").open("a+")
    if not _locked(file):
        file.seek(0)
        holder = file.read()
        file.close()
        raise LaunchFailure(
            f"{os.path.relpath(home)} is in use: process {holder} runs it. "
            "End that one first, or choose another folder."
        )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _locked(file: TextIO, attempts: int = 4) -> bool:
    """Lock the file; several attempts, for whoever asks `holder_of` holds it for a moment."""
    for _ in range(attempts):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        Event().wait(0.05)
    return False


def _empty(home: Path) -> None:
    for path in home.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
