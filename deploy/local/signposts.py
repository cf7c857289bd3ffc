"""Where to look while the platform runs: logs, metrics and traces, a line or two for each."""

import os
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

COLLECTOR = "OTLP"
"""The variable that names a collector, as in `make demo OTLP=http://localhost:4318`."""


def telemetry_environment() -> dict[str, str]:
    """The variables that send every trace to the collector; none if none is named."""
    collector = os.environ.get(COLLECTOR)
    if not collector:
        return {}
    return {
        "RAPPORT_TELEMETRY__OTLP_ENDPOINT": collector,
        "RAPPORT_TELEMETRY__SAMPLE_RATIO": "1",
    }


def signposts(ops: Mapping[tuple[str, str], str], logs: Path) -> list[str]:
    """Lines for a person; `ops` are the operators' addresses by service and role."""
    collector = os.environ.get(COLLECTOR)
    traces = (
        f"to {collector}" if collector else f"not sent; {COLLECTOR}=<address> names a collector"
    )
    lines = [_line("logs", os.path.relpath(logs)), _line("traces", traces)]
    for service, processes in groupby(ops.items(), key=lambda process: process[0][0]):
        where = "  ".join(f"{role} {url}/metrics" for (_, role), url in processes)
        lines.append(_line("metrics", f"{service:<10}{where}"))
    return lines


def farewell(logs: Path) -> str:
    """What is left to look at when it has ended."""
    return (
        f"Its logs stay in {os.path.relpath(logs)}; docs/telemetry.md explains all that is in them."
    )


def _line(name: str, text: str) -> str:
    return f"{name:<10}{text}"
