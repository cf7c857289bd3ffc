"""What the pages tell a reader to type works, and `make help` lists all that can be typed."""

import re
import subprocess
from contextlib import redirect_stdout, suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from runpy import run_module
from unittest.mock import patch
from warnings import catch_warnings, simplefilter

import pytest
from pydantic import BaseModel

from shared.contracts.topics import SERVICES
from tests.architecture.pages import ROOT, commands, pages

RUN_BY = {
    "deploy.local": "tests/integration/local/test_commands.py",
    "tools.generate": "Makefile",
    "services.analytics.entrypoints.cli": "tests/integration/analytics/test_worker.py",
    "deploy.local.demo.repeat": "tests/unit/local/test_demo.py",
    "tools.contracts": "tests/architecture/recipes/test_add_an_event.py",
}
"""Who runs what is not `python -m services.<name>`, which the journeys run."""

WORDS = r"[\w-]+(?:\s*\|\s*[\w-]+)*"
MAKE = re.compile(r"(?:[A-Z_]+=\S+ )*make((?: [a-z-]+)*)")
PYTHON = re.compile(rf"(?:[A-Z_]+=\S+ )*python3? -m ([\w.<>]+)(?: ({WORDS}))?")
TARGET = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)
FOLLOWED = dict.fromkeys(
    map(Path, ("docs/tutorial.md", "docs/integrate/publish.md", "docs/integrate/consume.md")),
    Path("tests/e2e/test_tutorial.py"),
)
"""Pages of which a test types every command, in their order."""
SHOWN = [
    (page, command)
    for page in pages()
    if page not in FOLLOWED
    for command in commands((ROOT / page).read_text())
]


def targets(makefile: str) -> set[str]:
    return set(TARGET.findall(makefile))


@cache
def makefile() -> str:
    return (ROOT / "Makefile").read_text()


def helped(folder: Path) -> list[str]:
    """What `make help` lists there."""
    make = ["make", "--no-print-directory", "help"]
    done = subprocess.run(make, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@cache
def offered(module: str) -> set[str]:
    """The words of `python -m module --help`: what it can be asked for is among them."""
    output = StringIO()
    with catch_warnings(), redirect_stdout(output), suppress(SystemExit):
        simplefilter("ignore", RuntimeWarning)  # some of them are imported already
        with patch("sys.argv", [module, "--help"]):
            run_module(module, run_name="__main__", alter_sys=True)
    return set(re.findall(r"[\w-]+", output.getvalue()))


def fault(command: str) -> str | None:
    """What is wrong with a command, if anything."""
    if asked := MAKE.fullmatch(command):
        unknown = set(asked[1].split()) - targets(makefile())
        return f"no target {sorted(unknown)}" if unknown else None
    if asked := PYTHON.match(command):
        modules = [asked[1].replace("<name>", name) for name in SERVICES]
        words = re.findall(r"[\w-]+", asked[2] or "")
        return next(filter(None, (_fault(module, words) for module in modules)), None)
    return "neither make nor python -m: name the test that runs it"


def _fault(module: str, words: list[str]) -> str | None:
    if find_spec(module) is None:
        return f"no module {module}"
    if module.removeprefix("services.") not in SERVICES:
        runner = ROOT / RUN_BY.get(module, "nobody")
        if not runner.exists() or module not in runner.read_text():
            return f"{module} is run by nobody"
    unknown = [word for word in words if word not in offered(module)]
    return f"{module} has no {unknown}" if unknown else None


@pytest.mark.parametrize(("page", "command"), SHOWN, ids=[f"{p}: {c}" for p, c in SHOWN])
def test_what_a_page_shows_can_be_typed(page: Path, command: str) -> None:
    assert fault(command) is None


@pytest.mark.parametrize(("page", "test"), FOLLOWED.items())
def test_who_follows_a_page_names_it(page: Path, test: Path) -> None:
    assert (ROOT / page).exists()
    assert page.name in (ROOT / test).read_text()


@pytest.mark.parametrize(
    "command",
    [
        "make coffee",
        "BROKER=kafka make test coffee",
        "python -m services.coffee api",
        "python -m services.<name> api|barista",
        "python -m services.routing barista",
        "python -m shared.kernel.ids",
        "curl http://localhost/coffee",
    ],
)
def test_what_cannot_be_typed_is_noticed(command: str) -> None:
    assert fault(command)


def test_the_pages_show_commands_at_all() -> None:
    assert {"make demo", "make test"} <= {command for _, command in SHOWN}
    assert commands("```sh\nmake tea\n```\n`make up` or `make`, `DEMO_SECONDS`") == [
        "make tea",
        "make up",
    ]


def test_help_lists_every_target_with_one_line() -> None:
    listed = helped(ROOT)
    assert sorted(line.split()[1] for line in listed) == sorted(targets(makefile()))
    assert [line for line in listed if len(line.split()) < 4 or len(line) > 110] == []


def test_a_target_without_a_line_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(makefile() + "\ncoffee: install\n\t@true\n")
    unlisted = targets((tmp_path / "Makefile").read_text()) - {
        line.split()[1] for line in helped(tmp_path)
    }
    assert unlisted == {"coffee"}


def test_every_target_is_a_name_and_not_a_file() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile(), re.MULTILINE)
    assert sorted(phony.split()) == sorted(targets(makefile()))


def test_every_module_the_makefile_runs_exists() -> None:
    modules = set(re.findall(r"\$\(PY\) -m ([\w.]+)", makefile()))
    assert {"deploy.local.demo", "tools.generate", "pytest"} <= modules
    assert [module for module in modules if find_spec(module) is None] == []


def settings_of(service: str) -> set[str]:
    """The names of all its environment variables."""
    return set(_names(import_module(f"services.{service}.settings").Settings, "RAPPORT_"))


def _names(model: type[BaseModel], prefix: str) -> list[str]:
    names = []
    for field, info in model.model_fields.items():
        name, inner = prefix + field.upper(), info.annotation
        names.append(name)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += _names(inner, f"{name}__")
    return names


def named_settings(page: str) -> set[str]:
    """The settings in a page's row of that name, with or without the prefix, or as `BLOCK__*`."""
    (row,) = re.findall(r"^\| \*\*Settings\*\* \|(.*)\|$", page, re.MULTILINE)
    names = re.findall(r"`(?:RAPPORT_)?([A-Z][A-Z_]*?)(?:__\*)?`", row)
    return {f"RAPPORT_{name}" for name in names if name != "RAPPORT_"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_settings_that_a_readme_names_exist(service: str) -> None:
    named = named_settings((ROOT / "services" / service / "README.md").read_text())
    assert named
    assert sorted(named - settings_of(service)) == []


def test_settings_are_known_by_their_whole_name() -> None:
    assert {"RAPPORT_DATABASE__DSN", "RAPPORT_SMTP__PORT"} <= settings_of("intake")
    assert "RAPPORT_SMTP__PORT" not in settings_of("routing")
    row = "| **Settings** | `RAPPORT_` + `SMTP__*`, `GONE`; `RAPPORT_MAIL__HOST` |\n"
    assert named_settings(row) - settings_of("intake") == {"RAPPORT_GONE"}
