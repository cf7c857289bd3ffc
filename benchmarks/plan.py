"""What a run is asked to do: which figures, how many rounds, how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks import machine

Measure = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`max_requests` bounds the requests, `events` the records of one measurement; times in seconds."""

    asked: frozenset[str] = frozenset()
    rounds: int = 3
    seconds: float = 4.0
    max_requests: int = 200_000
    events: int = 100_000
    quiet_timeout: float = 20.0
    rate: int = 200
    minutes: float = 5.0

    def wants(self, *ids: str) -> bool:
        """Whether one of these was asked for; all are if none was named."""
        return not self.asked or bool(self.asked.intersection(ids))

    def settle(self) -> None:
        """Wait for a quiet machine, and say so if there is none."""
        if not machine.wait_until_quiet(self.quiet_timeout):
            machine.tell("  (the machine is busy with something else)")

    def rounds_of(self, variants: Mapping[str, Measure]) -> dict[str, list[float]]:
        """Every variant once in every round, one after the other."""
        found: dict[str, list[float]] = {name: [] for name in variants}
        for number in range(self.rounds):
            machine.tell(f"Round {number + 1} of {self.rounds}")
            for name, measure in variants.items():
                found[name].append(measure())
        return found
