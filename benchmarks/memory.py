"""What the platform's processes hold in memory: at rest, and at equal steps of a load."""

import asyncio
from collections.abc import Mapping, Sequence

import psutil

from deploy.local.platform import Platform

MIB = 1_048_576
STEPS = 5

Sample = Mapping[str, float]
"""Resident MiB, by process; a process's own children are counted with it."""


def sample(platform: Platform) -> Sample:
    """What each process holds now."""
    return {
        f"{service} {role}": _resident(child.pid)
        for (service, role), child in platform.running.items()
    }


async def watch(platform: Platform, seconds: float, samples: list[Sample]) -> None:
    """Add a sample at the end of each of `STEPS` equal parts of these seconds."""
    for _ in range(STEPS):
        await asyncio.sleep(seconds / STEPS)
        samples.append(sample(platform))


def table_of(rest: Sample, samples: Sequence[Sample]) -> str:
    """A line for each process."""
    lines = [
        "\nMemory (resident MiB)",
        f"  {'process':<20}{'at rest':>9}   under load, in equal steps",
    ]
    for process, held in rest.items():
        steps = "".join(f"{each[process]:>8.0f}" for each in samples)
        lines.append(f"  {process:<20}{held:>9.0f}   {steps}")
    return "\n".join(lines)


def _resident(pid: int) -> float:
    process = psutil.Process(pid)
    family = (process, *process.children(recursive=True))
    return float(sum(each.memory_info().rss for each in family) / MIB)
