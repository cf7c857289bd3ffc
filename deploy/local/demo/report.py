"""The table at the end: what analytics says of the run, then what the evidence says of analytics."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from deploy.local.demo.traffic import CHANNELS
from deploy.local.evidence import Evidence
from deploy.local.invariants import RULES, Finding
from shared.kernel.clock import SystemClock

NOTHING = "Nothing was handed in."

Figures = Mapping[str, Mapping[str, Any]]


async def ask_figures(analytics: httpx2.AsyncClient) -> dict[str, Figures]:
    """All figures of the run, for all channels (under "") and for each."""
    now = SystemClock().now()
    span = {
        "from": (now - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0).isoformat(),
        "to": (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0).isoformat(),
        "grain": "total",
    }
    found = {}
    for channel in ("", *CHANNELS):
        params = span | ({"channel": channel} if channel else {})
        response = await analytics.get("/v1/figures", params=params)
        response.raise_for_status()
        found[channel] = response.json()["periods"][0]["figures"]
    return found


def print_report(figures: Mapping[str, Figures], evidence: Evidence) -> None:
    """The figures, then the accounting per channel."""
    console = Console(width=None if Console().is_terminal else 100)
    console.print(what_happened(figures))
    console.print(accounts(evidence.of("intake", "tally")))


def what_happened(figures: Mapping[str, Figures]) -> Table:
    """The figures that analytics has of the run."""
    table = Table("Figure", "Value", "n", title="What happened", title_justify="left")
    for name, value, n in _rows(figures):
        table.add_row(name, value, str(n))
    return table


def accounts(tally: Sequence[Mapping[str, Any]]) -> Table | str:
    """What became of all that was handed in, per channel; a sentence if nothing was."""
    if not tally:
        return NOTHING
    table = Table(
        "Channel", "received", "= stored", "+ quarantined", "+ deduplicated",
        title="Nothing lost on the way in", title_justify="left",
    )  # fmt: skip
    for row in tally:
        columns = ("channel", "received", "stored", "quarantined", "deduplicated")
        table.add_row(*(str(row[column]) for column in columns))
    return table


def print_verdict(findings: Sequence[Finding]) -> bool:
    """Say which rules were broken, or that none was. True if none was."""
    console = Console()
    for finding in findings:
        console.print(f"BROKEN {finding.rule}: {finding.detail}", markup=False, soft_wrap=True)
    if not findings:
        console.print(
            f"All {len(RULES) + 1} rules hold: nothing lost, doubled, out of order, above capacity "
            "or above authority.",
            soft_wrap=True,
        )
    return not findings


def _rows(figures: Mapping[str, Figures]) -> list[tuple[str, str, int]]:
    total = figures[""]

    def row(title: str, figure: str, *names: str) -> tuple[str, str, int]:
        values = total[figure]["values"]
        return (
            title,
            "  ".join(f"{name} {_shown(values.get(name))}" for name in names),
            total[figure]["n"],
        )

    channels = "  ".join(
        f"{channel} {_shown(figures[channel]['contacts']['values']['received'])}"
        for channel in CHANNELS
    )
    return [
        ("contacts by channel", channels, total["contacts"]["n"]),
        row("time to assignment, seconds", "time_to_assignment", "p50", "p95"),
        row("time to first response, seconds", "first_response", "p50", "p95"),
        row("promises", "promises", "beaten", "kept", "broken", "open"),
        row("resolutions (n: claimed)", "resolutions", "confirmed", "refuted", "unrefuted", "open"),
        row("first contact, claimed", "fcr_claimed", "share", "coverage"),
        row("first contact, confirmed", "fcr_confirmed", "share", "coverage"),
        row("actions against authority", "authority_use", "within", "beyond", "refused"),
        row("escalations", "escalation_rate", "share"),
        row("CSAT, top two", "csat_top2", "share"),
        row("CSAT, mean", "csat_mean", "mean"),
    ]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
