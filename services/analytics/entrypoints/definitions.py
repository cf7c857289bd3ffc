"""`python -m services.analytics.entrypoints.definitions [--check]`: docs/definitions.md from the code."""

import sys
from collections.abc import Sequence
from pathlib import Path

from services.analytics.domain.figures.glossary import page

PAGE = Path(__file__).parents[3] / "docs" / "definitions.md"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or say whether it is current."""
    if "--check" not in arguments:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != page():
        sys.stderr.write(f"docs/{PAGE.name} is stale: run python -m tools.generate\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
