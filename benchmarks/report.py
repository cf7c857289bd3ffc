"""What a measuring program reports: one JSON file, whole or not at all."""

import argparse
import json
from pathlib import Path
from typing import Any


def parser(description: str | None, *needed: str) -> argparse.ArgumentParser:
    """Arguments of a measuring program, texts it needs first; all may name where the report goes."""
    made = argparse.ArgumentParser(description=description)
    for name in needed:
        made.add_argument(f"--{name}", required=True)
    made.add_argument("--report", type=Path, help="the file for what was measured")
    return made


def write_report(options: argparse.Namespace, found: Any) -> None:
    """Write the report."""
    draft = options.report.with_suffix(".new")
    draft.write_text(json.dumps(found))
    draft.replace(options.report)
