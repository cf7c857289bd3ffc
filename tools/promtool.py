"""`python -m tools.promtool`: get promtool, which judges rules, where neither PATH nor `.local/` has it.

No index of Python has it. Debian's package `prometheus` does: the one program is taken out of it, and no
service is installed.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

OURS = Path(__file__).parents[1] / ".local/prometheus/promtool"
INSIDE = "usr/bin/promtool"
HOW = "promtool is neither on PATH nor in .local: `python -m tools.promtool` gets it on Debian"
ELSEWHERE = "promtool comes from a package of Debian, which this is not: put it on PATH yourself.\n"
TIMEOUT_SECONDS = 300


def find() -> str | None:
    """The program to run, if there is one."""
    return shutil.which("promtool") or (str(OURS) if OURS.exists() else None)


def main(arguments: Sequence[str]) -> int:
    """Say where it is, and get it before where it is missing; 1 where that cannot be done."""
    argparse.ArgumentParser(prog="python -m tools.promtool", description=__doc__).parse_args(
        arguments
    )
    if find() is None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            sys.stderr.write(ELSEWHERE)
            return 1
        with TemporaryDirectory() as folder:
            _get(Path(folder))
    sys.stdout.write(f"{find()}\n")
    return 0


def _get(folder: Path) -> None:
    """Into its place in one step, so that whoever looks meanwhile finds all of it or nothing."""
    download = ("apt-get", "download", "-qq", "prometheus")
    if not _ran(folder, *download):  # a machine that was just made has no lists
        _ran(folder, "apt-get", "update", "-qq")
        if not _ran(folder, *download):
            raise SystemExit("Debian's package `prometheus` could not be had.")
    [package] = folder.glob("*.deb")
    if not _ran(folder, "dpkg-deb", "-x", package.name, "."):
        raise SystemExit(f"{package.name} could not be opened.")
    OURS.parent.mkdir(parents=True, exist_ok=True)
    beside = OURS.with_suffix(".new")
    shutil.copy2(folder / INSIDE, beside)
    beside.replace(OURS)


def _ran(folder: Path, *argv: str) -> bool:
    """Whether it went well; it says itself what did not."""
    done = subprocess.run(argv, cwd=folder, check=False, timeout=TIMEOUT_SECONDS)  # noqa: S603 - ours
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
