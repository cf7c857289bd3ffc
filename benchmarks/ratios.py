"""What a run comes to: ratios with their goals, and what became of those of the stored run."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

STORED = Path(__file__).with_name("stored.json")
WORSE = 0.15
"""By how much a figure may be worse than the stored one before it counts as a regression."""

Rounds = Mapping[str, Sequence[float]]
"""What each round measured, variant by variant; the rounds of all variants are interleaved."""


@dataclass(frozen=True)
class Figure:
    """One line of the report. Without a goal it is shown to compare, and reached whatever it is.

    `at_most`: the less the better, as with times. `leaves_out`: what of our work the peer does not do.
    """

    id: str
    name: str
    value: float
    goal: float | None
    at_most: bool = False
    leaves_out: str = "-"

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    @property
    def key(self) -> str:
        return f"{self.id} {self.name}"

    def is_worse_than(self, stored: float) -> bool:
        """Whether this is a regression."""
        if self.at_most:
            return self.value > stored * (1 + WORSE)
        return self.value < stored * (1 - WORSE)


def ratio(rounds: Rounds, ours: str, theirs: str) -> float:
    """The quotient of two medians; 0 if the other was not measured."""
    other = median(rounds[theirs])
    return median(rounds[ours]) / other if other else 0.0


def stored() -> dict[str, float]:
    """The figures of the last full run that was kept."""
    if not STORED.exists():
        return {}
    found: dict[str, float] = json.loads(STORED.read_text())["figures"]
    return found


def store(figures: Iterable[Figure], *, machine: str, day: str, path: Path = STORED) -> None:
    """Keep these figures; those that were not measured now stay as they are."""
    known = json.loads(path.read_text())["figures"] if path.exists() else {}
    known |= {each.key: float(f"{each.value:.4g}") for each in figures}
    kept = {"machine": machine, "day": day, "figures": dict(sorted(known.items()))}
    path.write_text(json.dumps(kept, indent=2) + "\n")


def regressions(figures: Iterable[Figure], before: Mapping[str, float]) -> list[Figure]:
    """Those that are worse than before."""
    return [each for each in figures if each.key in before and each.is_worse_than(before[each.key])]


def table_of_rounds(title: str, unit: str, rounds: Rounds) -> str:
    """Medians and every round, as a table."""
    lines = [f"\n{title} ({unit})", f"  {'variant':<44}{'median':>12}   rounds"]
    for name, values in rounds.items():
        each = ", ".join(f"{value:,.0f}" for value in values)
        lines.append(f"  {name:<44}{median(values):>12,.0f}   {each}")
    return "\n".join(lines)


def table_of_figures(figures: Iterable[Figure], before: Mapping[str, float]) -> str:
    """Each figure with its goal, what it was (`new` where none is stored) and what the peer leaves out."""
    head = f"{'figure':<62}{'now':>9}{'goal':>9}{'stored':>9}   the peer leaves out"
    return "\n".join([f"\n  {head}", *(_line(each, before.get(each.key)) for each in figures)])


def _line(figure: Figure, was: float | None) -> str:
    sign = "<=" if figure.at_most else ">="
    goal = "-" if figure.goal is None else f"{sign}{figure.goal:g}"
    kept = "new" if was is None else f"{was:.4g}"
    mark = "" if figure.reached else "  short of its goal"
    mark += "  REGRESSION" if was is not None and figure.is_worse_than(was) else ""
    numbers = f"{figure.value:>9.3g}{goal:>9}{kept:>9}"
    return f"  {figure.key:<62}{numbers}   {figure.leaves_out:<46}{mark}".rstrip()
