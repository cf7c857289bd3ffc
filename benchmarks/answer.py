"""What a measuring program reports: one JSON file, whole or not at all."""

import argparse
import json
from pathlib import Path
from typing import Any


def parser(description: str | None) -> argparse.ArgumentParser:
    """Arguments of a measuring program; all of them may name where the answer goes."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--answer", type=Path, help="the file for what was measured")
    return made


def give(options: argparse.Namespace, found: Any) -> None:
    """Write the answer."""
    draft = options.answer.with_suffix(".new")
    draft.write_text(json.dumps(found))
    draft.replace(options.answer)
