"""The platform left running in the background: started, asked about and ended by commands."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

import psutil

from deploy.local.failure import LaunchFailure
from deploy.local.instance import (
    LOCAL,
    ROOT,
    Instance,
    find,
    holder_of,
    read_state,
    wait_until_gone,
)
from deploy.local.parts import LocalParts
from deploy.local.platform import API, SERVICES, WORKER, Platform, spawn_mailbox
from deploy.local.restart import ASK, serve_requests
from deploy.local.seed import seed
from shared.contracts.topics import FOLLOWUP

HOME = LOCAL / "up"
PORTS = {
    "intake api": 8101,
    "routing api": 8102,
    "followup api": 8103,
    "analytics api": 8104,
    "smtp": 8125,
    "mailbox": 8126,
}
BROKER_PORT, POSTGRES_PORT = 9092, 8132
"""What it listens on at first; where somebody else does, on another port, and on that from then on."""
CHECK_IN_SECONDS = 60
# A person who plays does not wait a day, nor for the morning, to be asked.
FOR_PLAY = {
    FOLLOWUP: {
        "RAPPORT_CHECK_IN__DELAY_SECONDS": str(CHECK_IN_SECONDS),
        "RAPPORT_CHECK_IN__QUIET_HOURS": "false",
    }
}
_STARTING_WITHIN = 300.0


def keep(home: Path = HOME) -> None:
    """Run the platform in this process until SIGTERM or SIGINT; restart what `ASK` asks for."""
    signals = SimpleQueue[int]()
    for each in (signal.SIGTERM, signal.SIGINT, ASK):
        signal.signal(each, lambda number, _: signals.put(number))
    parts = LocalParts(home)
    if parts.instance.fact("ports") is None:
        parts.instance.note(ports=PORTS, broker_port=BROKER_PORT, postgres_port=POSTGRES_PORT)
    with parts, Platform(parts, mail=spawn_mailbox(parts), extra_env=FOR_PLAY) as platform:
        if os.environ.get("SEED") != "0" and not parts.instance.fact("seeded"):
            seed(platform)
            parts.instance.note(seeded=True)
        parts.instance.note(platform=_facts(platform))
        while signals.get() == ASK:
            serve_requests(platform)
        parts.instance.note(platform=None)


def up(say: Callable[[str], None], home: Path = HOME) -> Mapping[str, Any]:
    """Start the platform in the background, unless it runs; what there is to know about it.

    LaunchFailure if it does not come up; what it said is passed on to `say` meanwhile.
    """
    if holder_of(home) is not None and (facts := facts_of(home)):
        say("It is already running.")
        return facts
    log = home / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    with log.open() as lines:
        lines.seek(0, os.SEEK_END)
        keeper = _start_keeper(log)
        _follow(keeper, lines, say, home)
    return facts_of(home)


def down(say: Callable[[str], None], home: Path = HOME) -> None:
    """End what `up` started, or what is left of it, and return when it is gone."""
    holder = holder_of(home)
    if holder is None:
        _end_leftovers(home)
        say("Nothing is running.")
        return
    say("Stopping ...")
    keeper = psutil.Process(holder)
    keeper.terminate()
    if wait_until_gone([keeper], within=90):
        keeper.kill()
        wait_until_gone([keeper], within=5)
        _end_leftovers(home)
    say("Stopped.")


def reset(say: Callable[[str], None], home: Path = HOME) -> None:
    """End it and forget all its data."""
    if holder_of(home) is not None:
        down(say, home)
    if home.exists():
        Instance(home, fresh=True).release()
    say("Its data is gone. Begin anew: make up")


def facts_of(home: Path = HOME) -> Mapping[str, Any]:
    """What a running platform has noted about itself; empty if it is not (yet) ready."""
    noted: Mapping[str, Any] = read_state(home).get("facts", {}).get("platform") or {}
    return noted if noted and noted["keeper"] == holder_of(home) else {}


def _instead(platform: Platform) -> list[tuple[str, int, int]]:
    """Of each part that has another port than at first: its name, that port and its own."""
    fact = platform.parts.instance.fact
    at_first = PORTS | {"broker": BROKER_PORT, "PostgreSQL": POSTGRES_PORT}
    now = fact("ports") | {"broker": fact("broker_port"), "PostgreSQL": fact("postgres_port")}
    return [(name, port, now[name]) for name, port in at_first.items() if now[name] != port]


def state_of_processes(home: Path = HOME) -> list[tuple[str, int, bool]]:
    """Name, number and whether it lives, of each process of the instance."""
    described = read_state(home).get("processes", [])
    return [(one["name"], one["pid"], find(one) is not None) for one in described]


def _facts(platform: Platform) -> dict[str, Any]:
    addresses = platform.addresses
    return {
        "keeper": os.getpid(),
        "broker": platform.parts.broker.name,
        "seeded": bool(platform.parts.instance.fact("seeded")),
        "api": addresses.api,
        "ops": {f"{service} {role}": url for (service, role), url in addresses.ops.items()},
        "smtp": "{}:{}".format(*addresses.smtp),
        "bootstrap": addresses.bootstrap,
        "instead": _instead(platform),
        "environment": {
            name: {role: platform.environment(name, role) for role in (API, WORKER)}
            for name in SERVICES
        },
    }


def _start_keeper(log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "keep"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            start_new_session=True,
        )


def _follow(
    keeper: subprocess.Popen[bytes], lines: TextIO, say: Callable[[str], None], home: Path
) -> None:
    """Pass on what the keeper says until the platform is ready."""
    deadline = time.monotonic() + _STARTING_WITHIN
    ended = ready = False
    while not ready:
        ready = bool(facts_of(home))
        ended = _ended(keeper)
        for line in lines:
            say(line.rstrip())
        if ended:
            raise LaunchFailure("It did not start; the lines above say why.")
        if time.monotonic() > deadline:
            keeper.terminate()
            raise LaunchFailure(f"It did not start within {_STARTING_WITHIN:.0f} s.")


def _ended(keeper: subprocess.Popen[bytes]) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(0.1)
    return keeper.returncode is not None


def _end_leftovers(home: Path) -> None:
    if home.exists():
        Instance(home).release()
