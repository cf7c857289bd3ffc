"""Virtual environments of the peers, made once from their locks and kept in `.local/bench`."""

import hashlib
import shutil
import sys
from pathlib import Path

from benchmarks.machine import tell
from benchmarks.stage import HOME
from deploy.local.failure import LaunchFailure
from deploy.local.processes import run

HERE = Path(__file__).parent
PIP = ("-m", "pip", "install", "--quiet", "--progress-bar", "off", "--disable-pip-version-check")


def python_of(peer: str) -> Path | None:
    """The interpreter that has the peer; None, with a plain line, where it cannot be installed."""
    lock = HERE / f"{peer}.txt"
    pinned = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    digest = hashlib.sha256("\n".join(pinned).encode()).hexdigest()[:12]
    home = HOME / "peers" / f"{peer}-{digest}"
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    tell(f"Installing {peer} for comparison (once)")
    try:
        run([sys.executable, "-m", "venv", str(home)], f"Making an environment for {peer}")
        run([str(python), *PIP, "--require-hashes", "-r", str(lock)], f"Installing {peer}")
    except LaunchFailure as failure:
        shutil.rmtree(home, ignore_errors=True)
        tell(f"{peer} is left out: {str(failure).splitlines()[0]}")
        return None
    (home / "complete").touch()
    return python
