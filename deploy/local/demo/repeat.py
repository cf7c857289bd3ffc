"""`python -m deploy.local.demo.repeat`: the demonstration many times in a row, and what came of it.

Run by hand, before one says of a change that the demonstration holds: a fault that shows in one run
of ten is not seen in one run. DEMO_SECONDS and BROKER count as they do for a single run.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.instance import LOCAL, ROOT
from deploy.local.parts import say_plainly

DEMO = (sys.executable, "-m", "deploy.local.demo")
TIMES, SECONDS = 20, "45"
LOGS = LOCAL / "demo-runs"
INTERRUPTED = 130
REASONS = ("BROKEN ", "Traceback ")
LAST_LINES = 3


@dataclass(frozen=True)
class Run:
    """One demonstration that has ended."""

    number: int
    status: int
    seconds: float
    output: str

    def lines(self) -> Iterator[str]:
        """What is said of it: one line, and the reasons if it did not hold."""
        word = "held" if self.status == 0 else f"ended with {self.status}"
        yield f"run {self.number}: {word} after {self.seconds:.0f} s"
        if self.status:
            yield from (f"  {line}" for line in _reasons(self.output.splitlines()))


def run(number: int) -> Run:
    """Run it once more, silently; its output is kept in a file of `LOGS`."""
    began = time.monotonic()
    done = subprocess.run(
        DEMO,
        cwd=ROOT,
        env={"DEMO_SECONDS": SECONDS} | os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    output = done.stdout.decode(errors="replace")
    _log_of(number).write_text(output)
    return Run(number, done.returncode, time.monotonic() - began, output)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 only if every run held."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m deploy.local.demo.repeat")
    parser.add_argument("--times", type=int, default=TIMES, help=f"how often (default {TIMES})")
    times = parser.parse_args(argv).times
    LOGS.mkdir(parents=True, exist_ok=True)
    runs: list[Run] = []
    while len(runs) < times and not (runs and runs[-1].status == INTERRUPTED):
        runs.append(run(len(runs) + 1))
        for line in runs[-1].lines():
            say_plainly(line)
    held = sum(ended.status == 0 for ended in runs)
    said = f"{held} of {len(runs)} runs held; the output of each is in {LOGS}"
    say_plainly(said if runs else "No runs.")
    return 0 if held == len(runs) else 1


def _reasons(lines: Sequence[str]) -> Sequence[str]:
    return [line for line in lines if line.startswith(REASONS)] or lines[-LAST_LINES:]


def _log_of(number: int) -> Path:
    return LOGS / f"run-{number:02}.log"


if __name__ == "__main__":
    sys.exit(main())
