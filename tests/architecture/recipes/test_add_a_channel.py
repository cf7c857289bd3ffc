"""The recipe for a channel works as written, and touches what it says it touches and no more."""

import filecmp
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest
from sqlalchemy import CheckConstraint

from shared.contracts.topics import SERVICES
from shared.contracts.values import Channel
from shared.database.migrate import metadata_of

ROOT = Path(__file__).parents[3]
RECIPE = ROOT / "docs" / "recipes" / "add-a-channel.md"
COPIED = ("services/intake", "services/routing", "shared", "docs", "tools", "tests/unit/intake")
VALUES, SETTINGS = "shared/contracts/values.py", "services/intake/settings.py"
REGISTRY = "services/intake/adapters/channels/registry.py"
FOLDER = "services/intake/adapters/channels/viber"
TEST = "tests/unit/intake/test_viber.py"
GENERATED = ("docs/asyncapi.json", "docs/events.md", "shared/contracts/schemas/")
ROUTES = """
from fastapi import FastAPI
from services.intake.adapters.channels.registry import registered, webhooks
from services.intake.entrypoints.api.webhooks import webhook_routes
from shared.http.app import route_table
from shared.kernel.clock import SystemClock
from tests.unit.intake.builders import SETTINGS
api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
api.include_router(webhook_routes(webhooks(registered(SETTINGS, SystemClock())), None, None))
print(route_table(api))
"""
LISTS_CHANNELS = re.compile(r"\bchannel\b\W+(?:in|=)\W", re.IGNORECASE)


class Copy:
    """A copy of the tree in which the recipe is followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in COPIED:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / folder, root / folder, ignore=ignored)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def insert(self, path: str, block: str, *, before: str) -> None:
        text = (self.root / path).read_text("utf-8")
        assert text.count(before) == 1, before
        self.write(path, text.replace(before, block + before))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.root, check=False, capture_output=True, text=True, timeout=90
        )

    def tests(self, *paths: str) -> "subprocess.CompletedProcess[str]":
        options = ("-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
        return self.run("-m", "pytest", *options, *paths)

    def touched(self) -> set[str]:
        """The files that are new or not what they are in the tree, but for what is generated."""
        ours = [each for each in self.root.rglob("*") if each.is_file()]
        paths = {str(each.relative_to(self.root)) for each in ours if each.suffix != ".pyc"}
        return {path for path in paths if not path.startswith(GENERATED) and self._is_new(path)}

    def _is_new(self, path: str) -> bool:
        there = ROOT / path
        return not there.exists() or not filecmp.cmp(there, self.root / path, shallow=False)


@pytest.fixture
def blocks() -> list[str]:
    found = re.findall(r"```python\n(.*?)```", RECIPE.read_text("utf-8"), re.DOTALL)
    assert len(found) == 6
    return found


@pytest.fixture
def copy(tmp_path: Path, blocks: list[str]) -> Copy:
    """Where step 1 was followed."""
    copy = Copy(tmp_path)
    value = indent(blocks[0], "    ")
    copy.insert(VALUES, value, before='    WEB = "web"\n')
    return copy


@pytest.fixture
def followed(copy: Copy, blocks: list[str]) -> Copy:
    """Where every step was followed."""
    _, inbound, outbound, settings, line, test = blocks
    copy.write(f"{FOLDER}/__init__.py", "")
    copy.write(f"{FOLDER}/inbound.py", inbound)
    copy.write(f"{FOLDER}/outbound.py", outbound)
    copy.insert(SETTINGS, f"{settings}\n\n", before="class Settings(")
    copy.insert(
        SETTINGS,
        '    viber: ViberSettings = Field(ViberSettings(), description="Viber.")\n',
        before="    promise: PromiseSettings",
    )
    copy.insert(
        REGISTRY,
        "from services.intake.adapters.channels.viber.outbound import ViberChannel\n",
        before="from services.intake.domain.address",
    )
    copy.insert(REGISTRY, indent(line, " " * 8), before="        Channel.WEB:")
    copy.write(TEST, test)
    return copy


def test_a_channel_is_a_value_that_the_contracts_publish(copy: Copy) -> None:
    stale = copy.run("-m", "tools.contracts", "--check")
    assert "rapport.contact.submitted.v1.json is stale" in stale.stderr
    assert copy.run("-m", "tools.contracts").stderr == ""
    schema = copy.root / "shared/contracts/schemas/rapport.contact.submitted.v1.json"
    assert "viber" in json.loads(schema.read_text())["$defs"]["Channel"]["enum"]


def test_the_channel_reads_delivers_and_has_its_guarded_route(followed: Copy) -> None:
    tested = followed.tests(TEST)
    assert tested.returncode == 0, tested.stdout
    assert "7 passed" in tested.stdout
    routes = followed.run("-c", ROUTES)
    assert routes.stdout.strip() == "[('POST', '/v1/webhooks/viber', 'contacts.write')]", (
        routes.stderr
    )


def test_a_folder_a_line_and_a_value_are_all(followed: Copy) -> None:
    assert followed.run("-m", "tools.contracts").stderr == ""
    folder = {f"{FOLDER}/{name}.py" for name in ("__init__", "inbound", "outbound")}
    assert followed.touched() == {VALUES, REGISTRY, SETTINGS, TEST} | folder


def test_a_channel_without_its_line_is_noticed(copy: Copy) -> None:
    tested = copy.tests("tests/unit/intake/test_channels.py")
    assert tested.returncode == 1
    assert "test_every_channel_of_the_contract_is_registered" in tested.stdout


def test_without_its_name_the_channel_does_not_exist(tmp_path: Path, blocks: list[str]) -> None:
    copy = Copy(tmp_path)
    copy.write(f"{FOLDER}/__init__.py", "")
    copy.write(f"{FOLDER}/inbound.py", blocks[1])
    found = copy.run("-c", "import services.intake.adapters.channels.viber.inbound")
    assert found.returncode == 1
    assert "VIBER" in found.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_no_table_lists_the_channels(service: str) -> None:
    checks = [
        str(constraint.sqltext)
        for table in metadata_of(service).tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    ]
    assert [check for check in checks if LISTS_CHANNELS.search(check)] == []


def test_a_table_that_lists_the_channels_is_noticed() -> None:
    assert LISTS_CHANNELS.search(f"channel in ('{Channel.EMAIL}', '{Channel.SMS}')")
    assert not LISTS_CHANNELS.search("channel is not null")
