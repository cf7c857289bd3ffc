"""The demonstration ends by itself with the truth, and can be ended and killed at any time."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.instance import LOCAL, ROOT, find, read_state
from deploy.local.kafka_jars import FOLDER

ARRIVED = " by email: "
VERDICT = "rules hold: nothing lost, doubled, out of order"


@dataclass
class Demo:
    """A running demonstration, read as a person would."""

    process: Process
    lines: list[str] = field(default_factory=list)

    async def says(self, words: str) -> None:
        """Read on until a line has these words."""
        while not self.lines or words not in self.lines[-1]:
            self.lines.append(await self._line())

    async def ends(self) -> int:
        """Read to the end; the exit status."""
        assert self.process.stdout
        self.lines += (await self.process.stdout.read()).decode().splitlines()
        return await self.process.wait()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def _line(self) -> str:
        assert self.process.stdout
        line = await self.process.stdout.readline()
        assert line, f"it ended:\n{self.text}"
        return line.decode().rstrip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the project of this test's own, which finds Kafka's jars where they were fetched."""
    for package in ("deploy", "services", "shared", "docs"):
        shutil.copytree(ROOT / package, tmp_path / package)
    kafka = tmp_path / FOLDER.parent.relative_to(ROOT)
    kafka.parent.mkdir()
    kafka.symlink_to(LOCAL / FOLDER.parent.name)
    return tmp_path


@asynccontextmanager
async def demo(clone: Path, seconds: int, *more: str) -> AsyncIterator[Demo]:
    """`make demo` in the clone; killed at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.demo", *more),
        cwd=clone,
        env=os.environ | {"DEMO_SECONDS": str(seconds), "COLUMNS": "120"},
        stdout=PIPE,
        stderr=STDOUT,
        start_new_session=True,
    )
    running = Demo(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await running.ends()


async def test_it_ends_by_itself_and_prints_its_table_and_verdict(clone: Path) -> None:
    async with demo(clone, 8, "--picture", "halfway.svg") as running:
        assert await running.ends() == 0, running.text
    for words in ("What happened", "contacts by channel", "CSAT, mean", "Nothing lost on the way"):
        assert words in running.text
    assert VERDICT in running.text
    assert ARRIVED in (clone / "halfway.svg").read_text().replace("&#160;", " ")
    assert nothing_is_left(clone)


async def test_killed_it_does_not_stop_the_next_which_ctrl_c_ends_in_order(clone: Path) -> None:
    async with demo(clone, seconds=0) as first:
        await first.says(ARRIVED)
        first.process.kill()
        assert await first.ends() == -signal.SIGKILL
    async with demo(clone, seconds=0) as second:
        await second.says(ARRIVED)
        second.process.send_signal(signal.SIGINT)
        assert await second.ends() == 0, second.text
    assert VERDICT in second.text
    assert nothing_is_left(clone)


async def test_ctrl_c_ends_it_while_it_is_still_starting(clone: Path) -> None:
    async with demo(clone, seconds=0) as running:
        await running.says("Starting PostgreSQL")
        running.process.send_signal(signal.SIGINT)
        assert await running.ends() == 130, running.text
    assert "Traceback" not in running.text
    assert nothing_is_left(clone)


def nothing_is_left(clone: Path) -> bool:
    """Whether every process that the launcher wrote down has ended."""
    described = read_state(clone / LOCAL.name / "demo")["processes"]
    return not any(map(find, described))
