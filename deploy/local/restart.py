"""One part of a running platform started again: a command asks, the keeper of the platform does it.

Only what the keeper itself starts ends with the platform. A request is an empty file named for the
part; it is gone when the keeper is done, and beside it is a reason if that failed.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Event

from deploy.local.failure import LaunchFailure
from deploy.local.instance import holder_of, read_state
from deploy.local.platform import Platform, spawn_mailbox

ASK = signal.SIGUSR1
"""Tells the keeper that there is a request."""
_WITHIN = 120.0
_STOPS_WITHIN = 30.0


def restart(home: Path, part: str) -> None:
    """Have a part of the platform that runs in `home` restarted; LaunchFailure if it is not ready then."""
    keeper, parts = holder_of(home), {one["name"] for one in read_state(home)["processes"]}
    if part not in parts:
        raise LaunchFailure(f"There is no part {part!r}; there are {', '.join(sorted(parts))}.")
    request, reason = home / "restarts" / part, home / "restarts" / f"{part}.failed"
    request.parent.mkdir(exist_ok=True)
    reason.unlink(missing_ok=True)
    request.touch()
    if keeper is not None:
        os.kill(keeper, ASK)
    _wait_until_done(request, home)
    if reason.exists():
        raise LaunchFailure(reason.read_text())


def _wait_until_done(request: Path, home: Path) -> None:
    deadline = time.monotonic() + _WITHIN
    while request.exists():
        if time.monotonic() > deadline or holder_of(home) is None:
            request.unlink(missing_ok=True)
            raise LaunchFailure("Nobody restarted it. See what runs: make status")
        Event().wait(0.1)


def serve_requests(platform: Platform) -> None:
    """Restart what was asked for, in the keeper."""
    for request in (platform.parts.instance.home / "restarts").iterdir():
        if request.suffix != ".failed":
            try:
                _restart(platform, request.name)
            except LaunchFailure as failure:
                request.with_suffix(".failed").write_text(str(failure))
            request.unlink()


def _restart(platform: Platform, part: str) -> None:
    child = platform.parts.instance.child(part)
    if child is not None:
        child.stop(_STOPS_WITHIN)
    _starts(platform)[part]()


def _starts(platform: Platform) -> Mapping[str, Callable[[], object]]:
    """What starts each part, by the name of its process."""
    parts = platform.parts
    starts: dict[str, Callable[[], object]] = {
        child.name: partial(platform.start_process, service, role)
        for (service, role), child in platform.running.items()
    }
    starts["postgres"] = parts.postgres.start
    starts[parts.broker.process] = platform.start_broker
    starts["mailbox"] = partial(spawn_mailbox, parts)
    return starts
