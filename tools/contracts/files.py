"""The generated files: what they should hold, whether they do, and how a release is frozen."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.contracts.event import Event
from tools.contracts.asyncapi import document
from tools.contracts.compatibility import breaking_changes
from tools.contracts.page import events_page
from tools.contracts.schemas import (
    EXAMPLES,
    all_events,
    components,
    schema_of,
    without_meaning,
)

CONTRACTS = EXAMPLES.parent
ROOT = CONTRACTS.parents[1]
SCHEMAS, RELEASED, DOCS = CONTRACTS / "schemas", CONTRACTS / "released", ROOT / "docs"


def main(arguments: Sequence[str]) -> int:
    """Write the files, or say what is wrong with them; the exit status is 1 when something is."""
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description=__doc__)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    chosen.add_argument("--release", action="store_true", help="freeze the present schemas")
    options = parser.parse_args(arguments)
    events = all_events()
    faults = unfinished(events) or broken(events)
    if not faults and options.check:
        faults = stale(events)
    elif not faults:
        write(generated(events) | (frozen(events) if options.release else {}))
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


def unfinished(events: dict[str, type[Event]]) -> list[str]:
    """What a person still has to write: an example for each event, a meaning for each field."""
    meanings = without_meaning(components(list(events.values()), "#/{name}"))
    examples = [type_ for type_ in events if not (EXAMPLES / f"{type_}.json").exists()]
    return [
        *(
            f"{type_} has no example: write shared/contracts/examples/{type_}.json"
            for type_ in examples
        ),
        *(f"{field} has no meaning: add it to tools/contracts/meanings.py" for field in meanings),
    ]


def broken(events: dict[str, type[Event]]) -> list[str]:
    """What would break a reader of a released version."""
    faults = []
    for path in sorted(RELEASED.glob("*.json")):
        if path.stem in events:
            now = schema_of(path.stem, events[path.stem])
            changes = breaking_changes(json.loads(path.read_text("utf-8")), now)
            faults += [f"{path.stem} {change}: make a new major" for change in changes]
        else:
            faults.append(f"{path.stem} was released and is gone")
    return faults


def generated(events: dict[str, type[Event]]) -> dict[Path, str]:
    """Every generated file with what it should hold."""
    schemas = {SCHEMAS / f"{name}.json": schema_of(name, kind) for name, kind in events.items()}
    documents = {**schemas, DOCS / "asyncapi.json": document(events)}
    pages = {DOCS / "events.md": events_page(events)}
    return {path: _text(content) for path, content in documents.items()} | pages


def frozen(events: dict[str, type[Event]]) -> dict[Path, str]:
    """The present schemas as the released ones."""
    return {
        RELEASED / f"{name}.json": _text(schema_of(name, kind)) for name, kind in events.items()
    }


def stale(events: dict[str, type[Event]]) -> list[str]:
    """The generated files that do not hold what the contracts say."""
    wanted = generated(events)
    wrong = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    wrong += sorted(set(SCHEMAS.glob("*.json")) - set(wanted))
    return [f"{path.relative_to(ROOT)} is stale: run python -m tools.contracts" for path in wrong]


def write(files: dict[Path, str]) -> None:
    """Put the files where they belong, and remove schemas of events that are no more."""
    for left_over in set(SCHEMAS.glob("*.json")) - set(files):
        left_over.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
