"""`python -m tools.generate [--check]`: everything under docs/ and contracts that comes from the code."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.settings.variables import LIST
from tools import definitions, kafka_resources, objectives, routes, settings, size, telemetry
from tools.contracts import files as contracts
from tools.dashboards import DASHBOARDS

ROOT = Path(__file__).parents[1]
DOCS, COMPONENTS = ROOT / "docs", ROOT / "deploy/k8s/components"
PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "telemetry.md": telemetry.page,
    DOCS / "routes.md": routes.page,
    DOCS / "settings.md": settings.page,
    DOCS / "operate/size.md": size.page,
    LIST: settings.variable_list,
    COMPONENTS / "strimzi/topics.yaml": kafka_resources.topics,
    COMPONENTS / "strimzi/users.yaml": kafka_resources.users,
    COMPONENTS / "monitoring/objectives.yaml": objectives.rules,
    **{
        COMPONENTS / f"monitoring/dashboards/{name}.json": made for name, made in DASHBOARDS.items()
    },
}


def main(arguments: Sequence[str]) -> int:
    """Write everything, or say what is not current; 0 only if nothing is to be said."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    check = parser.parse_args(arguments).check
    status = max(contracts.main(arguments), definitions.main(arguments), pages(check=check))
    if check and not status:
        sys.stdout.write("No generated file is stale.\n")
    return status


def pages(*, check: bool) -> int:
    """Every metric, span, attribute and readiness check; every route; every setting; every topic and user of the broker;
    every objective and dashboard; how much of everything so many agents need."""
    if not check:
        for path, made in PAGES.items():
            path.write_text(made(), "utf-8")
        return 0
    stale = [path.name for path, made in PAGES.items() if _written(path) != made()]
    for name in stale:
        sys.stderr.write(f"{name} is stale: run python -m tools.generate\n")
    return 1 if stale else 0


def _written(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
