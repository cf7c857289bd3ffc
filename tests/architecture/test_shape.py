"""House rules that a machine can keep: one shape, short files, honest names, no silenced checks."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from shared.contracts.event import Event
from shared.jobs.periodic import Job

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "routing", "followup", "analytics")
SHAPE = (
    "README.md",
    "__init__.py",
    "__main__.py",
    "bootstrap.py",
    "settings.py",
    "domain/__init__.py",
    "application/commands/__init__.py",
    "application/handlers/__init__.py",
    "adapters/db/tables.py",
    "entrypoints/api/__init__.py",
    "entrypoints/consumer.py",
    "entrypoints/jobs.py",
    "migrations/env.py",
    "migrations/versions/0001_initial.py",
)
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
LOCAL_TIME = Path("shared/i18n/local_time.py")
TIME_FORMAT = re.compile(r"%-?[HIMYBA]|%-?[md][-./ ]|\bstrftime\b")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 45

Rule = Callable[[Path, ast.Module], Iterator[str]]


@cache
def sources() -> list[Path]:
    folders = ("services", "shared", "deploy", "tests", "docs", "tools")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def parsed(source: Path) -> ast.Module:
    """The module; many rules look at it."""
    return ast.parse(source.read_text())


def vague_names(path: Path, _tree: ast.Module) -> Iterator[str]:
    if VAGUE & {part.removesuffix(".py") for part in path.parts}:
        yield "a name that says nothing"


def environment_reads(path: Path, tree: ast.Module) -> Iterator[str]:
    if path.parts[0] not in ("services", "shared") or path == Path("shared/settings/loading.py"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"):
            yield f"line {node.lineno}: the environment is read by settings alone"


def own_clocks(path: Path, tree: ast.Module) -> Iterator[str]:
    if path.parts[0] not in ("services", "shared") or path.name == "clock.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCKS:
            yield f"line {node.lineno}: ask a Clock"


def own_times(path: Path, tree: ast.Module) -> Iterator[str]:
    if path.parts[0] not in ("services", "shared") or path == LOCAL_TIME:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() if "babel" in ast.unparse(node):
                yield f"line {node.lineno}: {LOCAL_TIME} alone writes times"
            case ast.Attribute(attr="strftime" | "ctime") | ast.alias(name="strftime" | "ctime"):
                yield f"line {node.lineno}: {LOCAL_TIME} alone writes times"
            case ast.Constant(value=str(text)) if TIME_FORMAT.search(text):
                yield f"line {node.lineno}: {LOCAL_TIME} alone writes times"


def silenced_checks(path: Path, _tree: ast.Module) -> Iterator[str]:
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        if re.search(r"#\s*(noqa|type:\s*ignore)(?!\S*[:\[]\s*\w)", line):
            yield f"line {number}: a silenced check names what it silences"


def missing_docstrings(path: Path, tree: ast.Module) -> Iterator[str]:
    ours = path.parts[0] in ("services", "shared") and "versions" not in path.parts
    if ours and tree.body and not ast.get_docstring(tree):
        yield "a module says in its first line what it is for"


RULES: tuple[Rule, ...] = (
    vague_names,
    environment_reads,
    own_clocks,
    own_times,
    silenced_checks,
    missing_docstrings,
)
PLANTED: dict[Rule, tuple[str, str]] = {
    vague_names: ("services/routing/domain/utils.py", '"""Planted."""'),
    environment_reads: ("shared/planted.py", '"""Planted."""\nimport os\nos.environ["HOME"]'),
    own_clocks: ("shared/planted.py", '"""P."""\nfrom datetime import datetime\ndatetime.now()'),
    own_times: ("services/intake/planted.py", '"""P."""\nfrom babel.dates import format_time'),
    missing_docstrings: ("shared/planted.py", "PLANTED = True"),
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_one_shape(service: str) -> None:
    missing = [part for part in SHAPE if not (ROOT / "services" / service / part).exists()]
    assert missing == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_shows_what_it_consumes_and_repeats_in_one_table(service: str) -> None:
    consumer = import_module(f"services.{service}.entrypoints.consumer")
    jobs = import_module(f"services.{service}.entrypoints.jobs")
    tables = consumer.HANDLERS if isinstance(consumer.HANDLERS, tuple) else (consumer.HANDLERS,)
    assert all(issubclass(event, Event) for table in tables for event in table)
    assert jobs.JOBS
    assert all(isinstance(job, Job) for job in jobs.JOBS.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_house_rules(rule: Rule) -> None:
    broken = []
    for source in sources():
        path = source.relative_to(ROOT)
        broken += [f"{path}: {what}" for what in rule(path, parsed(source))]
    assert broken == []


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_each_house_rule_notices_when_it_is_broken(rule: Rule) -> None:
    path, source = PLANTED[rule]
    assert list(rule(Path(path), ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "import babel",
        "due.strftime(form)",
        "from time import ctime",
        'f"{due:%H:%M}"',
        '"{:%-d. %B}"',
    ],
)
def test_a_time_written_in_any_other_way_is_noticed(source: str) -> None:
    assert list(own_times(Path("services/followup/planted.py"), ast.parse(source)))


def test_one_module_alone_writes_times_and_no_template_does() -> None:
    assert "babel.dates" in (ROOT / LOCAL_TIME).read_text()
    texts = [*ROOT.glob("services/*/locales/*"), *ROOT.glob("services/**/templates/*")]
    words = [path for path in texts if path.suffix in (".toml", ".html", ".txt")]
    assert len(words) > len(SERVICES)
    assert [path.name for path in words if TIME_FORMAT.search(path.read_text())] == []


def written() -> list[Path]:
    """The sources that a person wrote: migrations are generated."""
    return [source for source in sources() if "versions" not in source.parts]


def test_no_file_is_longer_than_a_sitting() -> None:
    too_long = {
        str(source.relative_to(ROOT)): lines
        for source in written()
        if (lines := source.read_text().count("\n")) > LONGEST_FILE
    }
    assert too_long == {}


def own_lines(function: ast.AST) -> int:
    """Lines of a function without those of the functions inside it, which count for themselves."""
    spans = [
        (node.end_lineno or 0) - node.lineno + 1
        for node in ast.iter_child_nodes(function)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    whole = getattr(function, "end_lineno", 0) - getattr(function, "lineno", 0) + 1
    return whole - sum(spans)


def test_every_function_is_short_enough_to_be_read_at_once() -> None:
    too_long = [
        f"{source.relative_to(ROOT)}:{node.lineno} {node.name}"
        for source in written()
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and own_lines(node) > LONGEST_FUNCTION
    ]
    assert too_long == []


def test_no_lock_or_setting_names_an_index() -> None:
    named = re.compile(r"https?://|--(extra-)?index-url|--find-links")
    for lock in (*ROOT.glob("requirements/*.txt"), *ROOT.glob("benchmarks/peers/*.txt")):
        assert not named.search(lock.read_text()), lock
    assert not named.search((ROOT / "pyproject.toml").read_text())
    for lock in (*ROOT.glob("docs/**/package-lock.json"), *ROOT.glob("tests/**/package-lock.json")):
        assert '"resolved"' not in lock.read_text(), lock
