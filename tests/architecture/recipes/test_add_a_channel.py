"""The recipe for a channel works as written, as far as a machine can follow it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "docs" / "recipes" / "add-a-channel.md"
COPIED = ("services/intake", "services/routing", "shared", "docs", "tools", "tests/unit/intake")
MIGRATION = """
import sys
from importlib import import_module
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.schema import CreateTable
from services.routing.adapters.tables import metadata
options = {"as_sql": True, "output_buffer": sys.stdout}
with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=options)):
    import_module("services.routing.migrations.versions.0002_telegram").upgrade()
print("--")
for name in ("contact", "agent_slot"):
    print(CreateTable(metadata.tables[name]))
"""
ROUTES = """
from fastapi import FastAPI
from services.intake.entrypoints.telegram import telegram_routes
from shared.http.app import route_table
api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
api.include_router(telegram_routes(None, None))
print(route_table(api))
"""
CHECK = re.compile(r"CONSTRAINT (\w+_channel_known) CHECK \(channel in \(([^)]+)\)\)")


class Copy:
    """A copy of the tree in which the recipe is followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / folder, root / folder, ignore=ignored)

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, "utf-8")

    def insert(self, path: str, block: str, *, after: str) -> None:
        text = (self.root / path).read_text("utf-8")
        assert text.count(after) == 1, after
        self.write(path, text.replace(after, after + block))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.root, check=False, capture_output=True, text=True, timeout=90
        )


@pytest.fixture
def blocks() -> list[str]:
    found = re.findall(r"```python\n(.*?)```", RECIPE.read_text("utf-8"), re.DOTALL)
    assert len(found) == 5
    return found


@pytest.fixture
def copy(tmp_path: Path, blocks: list[str]) -> Copy:
    """Where step 1 was followed."""
    copy = Copy(tmp_path)
    value = indent(blocks[0], "    ")
    copy.insert("shared/contracts/values.py", value, after='    API = "api"\n')
    return copy


def test_a_channel_is_a_value_that_the_contracts_publish(copy: Copy) -> None:
    stale = copy.run("-m", "tools.contracts", "--check")
    assert "rapport.contact.submitted.v1.json is stale" in stale.stderr
    assert copy.run("-m", "tools.contracts").stderr == ""
    schema = copy.root / "shared/contracts/schemas/rapport.contact.submitted.v1.json"
    assert "telegram" in json.loads(schema.read_text())["$defs"]["Channel"]["enum"]


def test_the_migration_makes_the_tables_what_they_are_said_to_be(
    copy: Copy, blocks: list[str]
) -> None:
    copy.write("services/routing/migrations/versions/0002_telegram.py", blocks[1])
    done = copy.run("-c", MIGRATION)
    assert done.returncode == 0, done.stderr
    migrated, _, described = done.stdout.partition("--")
    dropped = re.findall(r"DROP CONSTRAINT (\w+)", migrated)
    assert dropped == ["ck_contact_channel_known", "ck_agent_slot_channel_known"]
    assert dict(CHECK.findall(migrated)) == dict(CHECK.findall(described))
    assert described.count("telegram") == len(dropped)


def test_the_route_reads_guards_and_hands_in(copy: Copy, blocks: list[str]) -> None:
    unread = "tests/unit/intake/test_telegram.py"
    for path, block in zip(
        (
            "services/intake/adapters/telegram_in.py",
            unread,
            "services/intake/entrypoints/telegram.py",
        ),
        blocks[2:],
        strict=True,
    ):
        copy.write(path, block)
    tested = copy.run("-m", "pytest", "-q", "-p", "no:cacheprovider", unread)
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    listed = copy.run("-c", ROUTES)
    assert listed.stdout.strip() == "[('POST', '/v1/doors/telegram', 'contacts.write')]", (
        listed.stderr
    )


def test_without_its_name_the_channel_is_refused(tmp_path: Path, blocks: list[str]) -> None:
    copy = Copy(tmp_path)
    copy.write("services/intake/adapters/telegram_in.py", blocks[2])
    copy.write("tests/unit/intake/test_telegram.py", blocks[3])
    tested = copy.run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/intake/test_telegram.py"
    )
    assert tested.returncode == 1
    assert "TELEGRAM" in tested.stdout
