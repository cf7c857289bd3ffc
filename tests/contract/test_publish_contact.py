"""The example for other publishers stands alone, speaks our language and says what went wrong."""

import ast
import runpy
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared.contracts.cloudevents import decode
from shared.contracts.external import ContactSubmitted
from shared.contracts.values import Channel

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "publish_contact.py"
NEED: dict[str, Any] = {
    "source": "example/shop",
    "reference": "order-48211",
    "key": "customer-77",
    "subject": "Doppelt bezahlt",
    "channel": "web",
    "address": "saraswathi.rao@example.in",
    "name": "సరస్వతి రావు",
    "text": "మిక్సర్ పని చేయడం లేదు",
    "topic": None,
    "language": None,
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("script", sorted(SCRIPT.parent.glob("*.py")), ids=lambda path: path.name)
def test_it_needs_nothing_but_aiokafka(script: Path) -> None:
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(ast.parse(script.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    foreign = {name.split(".")[0] for name in imported} - sys.stdlib_module_names
    assert foreign == {"aiokafka"}


def test_what_it_sends_is_read_as_a_submitted_contact() -> None:
    key, value, headers = runpy.run_path(str(SCRIPT))["record"](Namespace(**NEED))
    record: Any = SimpleNamespace(
        topic="rapport.inbox",
        partition=0,
        offset=0,
        timestamp=0,
        key=key,
        value=value,
        headers=headers,
    )
    incoming = decode(record)
    assert key == b"customer-77"
    assert (incoming.source, incoming.subject) == ("example/shop", "order-48211")
    assert isinstance(incoming.data, ContactSubmitted)
    assert incoming.data.channel is Channel.WEB
    assert incoming.data.personal.text == NEED["text"]
    assert decode(record).id == incoming.id


def test_it_explains_itself() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert all(f"--{name}" in done.stdout for name in NEED)


def test_it_says_so_when_no_broker_answers() -> None:
    done = run(
        "--bootstrap=localhost:1", "--reference=1", "--address=a@example.org", "--text=Hello"
    )
    assert done.returncode == 1
    assert "Not published to localhost:1" in done.stderr
    assert "Traceback" not in done.stderr
