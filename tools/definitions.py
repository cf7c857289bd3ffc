"""`python -m tools.definitions [--check]`: docs/definitions.md, every figure with its definition."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from services.analytics.domain.figures.definition import Definition
from services.analytics.domain.figures.registry import DEFINITIONS

PAGE = Path(__file__).parents[1] / "docs" / "definitions.md"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or say whether it is current."""
    parser = argparse.ArgumentParser(prog="python -m tools.definitions", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say if it is stale")
    if not parser.parse_args(arguments).check:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != page():
        sys.stderr.write(f"docs/{PAGE.name} is stale: run python -m tools.generate\n")
        return 1
    return 0


def page(definitions: Iterable[Definition] = DEFINITIONS) -> str:
    """The page, in Markdown."""
    return "\n".join(_lines(definitions)) + "\n"


def _lines(definitions: Iterable[Definition]) -> Iterator[str]:
    yield "# Definitions"
    yield ""
    yield "Made by `python -m tools.generate`. Each figure of `GET /v1/figures` names its"
    yield "definition, its version and `n`, the number of things it rests on; where n is 0 the values are"
    yield "null. A contact counts in the quarter of an hour it was received in and in the first queue it"
    yield "waited in; until it is queued it stands under the queue `-`. Hours and days are sums of these"
    yield "quarters, cut by the clock of the asked zone."
    for definition in definitions:
        yield from _entry(definition)


def _entry(definition: Definition) -> Iterator[str]:
    yield ""
    yield f"## {definition.title}"
    yield ""
    yield definition.sentence
    yield ""
    yield f"- **Id, version**: `{definition.id}`, {definition.version}"
    yield f"- **Formula**: {definition.formula}"
    yield f"- **Unit**: {definition.unit}"
    yield f"- **Filters**: {definition.filters}"
    yield f"- **Clock**: {definition.clock}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
