"""`python -m docs.generate [--check]`: everything under docs/ and contracts that comes from the code."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from services.analytics.entrypoints import definitions
from shared.contracts.publish import files as contracts
from shared.observability import names

TELEMETRY = Path(__file__).with_name("telemetry.md")


def main(arguments: Sequence[str]) -> int:
    """Write everything, or say what is not current; 0 only if nothing is to be said."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    check = parser.parse_args(arguments).check
    return max(contracts.main(arguments), definitions.main(arguments), telemetry(check=check))


def telemetry(*, check: bool) -> int:
    """Every metric, span and attribute."""
    if not check:
        TELEMETRY.write_text(names.page(), "utf-8")
    elif TELEMETRY.read_text("utf-8") != names.page():
        sys.stderr.write(f"docs/{TELEMETRY.name} is stale: run python -m docs.generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
