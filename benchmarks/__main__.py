"""`python -m benchmarks [I1 I2 …] [--rounds 3] [--store]`: measure, and compare with the last time."""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks import desks, handlers, intake, journey, loops, machine, outbox, ratios
from benchmarks.plan import Plan
from benchmarks.ratios import Figure
from deploy.local.failure import LaunchFailure

SECTIONS: tuple[tuple[tuple[str, ...], Callable[[Plan], list[Figure]]], ...] = (
    (("I1", "I2", "I3", "I4"), intake.measure),
    (("L1", "L2"), loops.measure),
    (("L3",), handlers.measure),
    (("R1",), outbox.measure),
    (("E0",), desks.measure),
    (("E1",), journey.measure),
)
IDS = tuple(id_ for ids, _ in SECTIONS for id_ in ids)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; 1 if something is worse than stored, or could not be measured."""
    options = _parser().parse_args(arguments)
    machine.tell(machine.description())
    try:
        figures = _measured(_plan(options))
    except LaunchFailure as failure:
        machine.tell(str(failure))
        return 1
    before = ratios.stored()
    machine.tell(ratios.table_of_figures(figures, before))
    if options.store:
        ratios.store(figures, machine=machine.description(), day=f"{datetime.now(UTC):%Y-%m-%d}")
    return 1 if ratios.regressions(figures, before) and not options.store else 0


def _measured(plan: Plan) -> list[Figure]:
    return [figure for ids, measure in SECTIONS if plan.wants(*ids) for figure in measure(plan)]


def _plan(options: argparse.Namespace) -> Plan:
    return Plan(
        asked=frozenset(options.ids),
        rounds=options.rounds,
        seconds=options.seconds,
        events=options.events,
        quiet_timeout=options.quiet_timeout,
        rate=options.rate,
        minutes=options.minutes,
    )


def _parser() -> argparse.ArgumentParser:
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("ids", nargs="*", choices=[[], *IDS], help=f"some of {', '.join(IDS)}")
    parser.add_argument("--rounds", type=int, default=plan.rounds, help="rounds; medians count")
    parser.add_argument("--seconds", type=float, default=plan.seconds, help="seconds a server")
    parser.add_argument("--events", type=int, default=plan.events, help="events a loop or relay")
    parser.add_argument(
        "--quiet-timeout", type=float, default=plan.quiet_timeout, help="wait for quiet"
    )
    parser.add_argument("--rate", type=int, default=plan.rate, help="E1: contacts a second")
    parser.add_argument("--minutes", type=float, default=plan.minutes, help="E1: how long")
    parser.add_argument("--store", action="store_true", help="keep the figures in stored.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
