"""What the pages tell a reader to type works, and `make help` lists all that can be typed."""

import re
import subprocess
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from runpy import run_module
from typing import NoReturn
from unittest.mock import patch
from warnings import catch_warnings, simplefilter

import pytest
from pydantic import BaseModel

from shared.contracts.topics import SERVICES
from tests.architecture.pages import ROOT, commands, pages
from tools import generate

RUN_BY = {
    "deploy.local": "tests/integration/local/test_commands.py",
    "deploy.k8s.local": "tests/cluster/conftest.py",
    "tools.generate": "Makefile",
    "tools.promtool": ".ci/run",
    "deploy.local.demo.repeat": "tests/unit/local/test_demo.py",
    "tools.contracts": "tests/architecture/recipes/test_add_an_event.py",
    "tests.integration.plans": "tests/integration/plans/test_measured.py",
}
"""Who runs what is not `python -m services.<name>`, which the journeys run."""

CHILDREN = {
    "services.intake.adapters.channels.email.reader_process",
    "deploy.k8s.local.node",
}
"""Programs that another process starts and speaks to: no person asks them for help."""
PROGRAMS_IN = ("services", "shared", "deploy", "tools")
GUARD = 'if __name__ == "__main__":'
WORDS = r"[\w-]+(?:\s*\|\s*[\w-]+)*"
MAKE = re.compile(r"(?:[A-Z_]+=\S+ )*make((?: [a-z0-9-]+)*)((?: [A-Z]+=\S+)*)")
PYTHON = re.compile(rf"(?:[A-Z_]+=\S+ )*python3? -m ([\w.<>]+)(?: ({WORDS}))?")
READ = re.compile(r"\$\(([A-Z]+)\)")
TARGET = re.compile(r"^([a-z0-9-]+):", re.MULTILINE)
FOLLOWED = dict.fromkeys(
    map(Path, ("docs/tutorial.md", "docs/integrate/publish.md", "docs/integrate/consume.md")),
    Path("tests/e2e/test_tutorial.py"),
) | {
    Path("docs/integrate/languages.md"): Path("tests/integration/contracts/languages.py"),
    Path("docs/operate/install.md"): Path("tests/cluster/test_install.py"),
    Path("docs/operate/scale.md"): Path("tests/cluster/test_drill.py"),
    Path("docs/operate/upgrade.md"): Path("tests/cluster/test_drill.py"),
    Path("docs/operate/backup.md"): Path("tests/k8s/test_databases.py"),
}
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
def help_of(module: str) -> str:
    """What `python -m module --help` prints."""
    output = StringIO()
    with catch_warnings(), redirect_stdout(output), suppress(SystemExit):
        simplefilter("ignore", RuntimeWarning)  # some of them are imported already
        with patch("sys.argv", [module, "--help"]):
            run_module(module, run_name="__main__", alter_sys=True)
    return output.getvalue()


def offered(module: str) -> set[str]:
    """The words of its help: what it can be asked for is among them."""
    return set(re.findall(r"[\w-]+", help_of(module)))


def programs() -> list[str]:
    """Every module that a person can run with `python -m`."""
    paths = [path for folder in PROGRAMS_IN for path in (ROOT / folder).rglob("*.py")]
    runs = [path for path in paths if path.name == "__main__.py" or GUARD in path.read_text()]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(runs)]
    return [name.removesuffix(".__main__") for name in names if name not in CHILDREN]


def commands_of(module: str) -> dict[str, str | None]:
    """The commands of a program and their commands, each with its line of help."""

    def seen(parser: ArgumentParser, *_: object) -> NoReturn:
        found.append(parser)
        raise SystemExit(0)

    found: list[ArgumentParser] = []
    with patch.object(ArgumentParser, "parse_args", seen):
        help_of.__wrapped__(module)
    return dict(_commands(found[0]))


def _commands(parser: ArgumentParser, *before: str) -> Iterator[tuple[str, str | None]]:
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            lines = {line.dest: line.help for line in action._choices_actions}
            for name, inner in action.choices.items():
                yield " ".join([*before, name]), lines.get(name)
                yield from _commands(inner, *before, name)


def fault(command: str) -> str | None:
    """What is wrong with a command, if anything."""
    if asked := MAKE.fullmatch(command):
        unknown = set(asked[1].split()) - targets(makefile())
        unread = set(re.findall(r"([A-Z]+)=", asked[2])) - set(READ.findall(makefile()))
        return f"no target or variable {sorted(unknown | unread)}" if unknown | unread else None
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
        "make env COFFEE=black",
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


@pytest.mark.parametrize("program", programs())
def test_every_program_says_how_it_is_used_when_asked_for_help_and_does_nothing(
    program: str,
) -> None:
    assert help_of(program).startswith(f"usage: python -m {program} ")


@pytest.mark.parametrize("program", programs())
def test_every_command_of_a_program_has_one_line_of_help(program: str) -> None:
    lines = commands_of(program)
    assert [name for name, line in lines.items() if not line or not 3 < len(line) < 70] == []


def test_the_commands_are_looked_at() -> None:
    assert {"deploy.local", "services.intake", "tools.generate"} <= set(programs())
    assert {"up", "mail"} <= set(commands_of("deploy.local"))
    assert {"republish", "dead-letters", "dead-letters list"} <= set(
        commands_of("services.routing")
    )
    unexplained = ArgumentParser()
    unexplained.add_subparsers().add_parser("coffee")
    assert dict(_commands(unexplained)) == {"coffee": None}


def test_the_check_of_generated_files_says_that_there_is_none_to_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert generate.main(["--check"]) == 0
    assert capsys.readouterr().out == "No generated file is stale.\n"


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
