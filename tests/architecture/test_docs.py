"""Pages do not lie: what they link to and name exists, and tables about the code agree with it."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.contracts import topics
from tests.architecture.pages import ROOT, anchors, code, links, pages, prose
from tests.architecture.recipes.recipe import new_files

PATH = re.compile(r"\.?[\w*-][\w.*-]*(?:/[\w.*-]+)+/?|\w[\w*-]*/|[\w*-]+\.(?:py|md|toml)")
NAMED_IN = re.compile(r"`([\w.]+)` (?:\(|in )\[[^\]]+\]\(([^)#]+\.py)\)\)?")
UNREAL = {"application/json", "deploy/k8s/"} | new_files()
"""What looks like a path and is none, or is made by whoever follows a recipe."""
LAYERS = [ROOT / "services" / name for name in topics.SERVICES]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives"]

every_page = pytest.mark.parametrize("page", pages(), ids=str)


def dangling(text: str, page: Path) -> list[str]:
    """Links of a page at this place that lead nowhere."""
    return [link for link in links(text) if not _leads_somewhere(link, text, page)]


def _leads_somewhere(link: str, text: str, page: Path) -> bool:
    name, _, anchor = link.partition("#")
    target = ROOT / page.parent / name if name else None
    if target and not target.exists():
        return False
    there = target.read_text() if target and anchor else text
    return not anchor or anchor in anchors(there)


def missing(text: str, page: Path) -> list[str]:
    """Paths in backticks that are nowhere: not from the root, beside the page, or in a service."""
    named = [span for span in code(text) if PATH.fullmatch(span) and span not in UNREAL]
    named = [path for path in named if not path.startswith(".local/")]
    places = [ROOT, ROOT / page.parent, *LAYERS]
    return [path for path in named if not any(_exists(place, path) for place in places)]


def _exists(place: Path, path: str) -> bool:
    return any(place.glob(path)) if place.exists() else False


def misplaced(text: str, page: Path) -> list[str]:
    """Names said to be in a file that does not have them."""
    found = NAMED_IN.findall(prose(text))
    return [f"{name} in {file}" for name, file in found if not _has(page.parent / file, name)]


def _has(file: Path, name: str) -> bool:
    path = (ROOT / file).resolve()
    return path.exists() and name in defined(path)


@cache
def defined(file: Path) -> frozenset[str]:
    """What a module defines: functions, classes, constants, and the methods of its classes."""
    return frozenset(_defined(ast.parse(file.read_text()).body))


def _defined(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner):
                yield prefix + name
                yield from _defined(inner, f"{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    under = text.partition(f"{heading}\n")[2]
    rows = re.search(r"(?:^\|.*\|\n)+", under, re.MULTILINE)
    lines = rows[0].splitlines()[2:] if rows else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dangling((ROOT / page).read_text(), page) == []


@every_page
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert missing((ROOT / page).read_text(), page) == []


@every_page
def test_every_name_is_in_the_file_it_is_said_to_be_in(page: Path) -> None:
    assert misplaced((ROOT / page).read_text(), page) == []


def test_what_leads_nowhere_is_noticed() -> None:
    page = Path("docs/planted.md")
    text = "# A b\n[a](events.md) [b](gone.md) [c](events.md#topics) [d](#a-b) [e](events.md#gone)"
    assert dangling(text, page) == ["gone.md", "events.md#gone"]
    text = "`shared/gone.py`, `domain/`, `events.md`, `adapters/db/m*.py`, `gone/`, `a/b` and `x.y`"
    assert missing(text, page) == ["shared/gone.py", "gone/", "a/b"]
    text = "`Relay.run` ([r](../shared/messaging/outbox/relay.py)), `gone` ([o](../shared/settings/loading.py))"
    assert misplaced(text, page) == ["gone in ../shared/settings/loading.py"]


def test_the_table_of_topics_is_what_the_cards_say() -> None:
    rows = table(ARCHITECTURE.read_text(), "# Architecture")
    assert rows == [
        [f"`{card.name}`", *(_part(card, service) for service in topics.SERVICES)]
        for card in topics.LIVE
    ]


def _part(card: topics.Topic, service: str) -> str:
    publishes = "publishes" if service in card.producers else ""
    return "consumes" if service in card.consumers else publishes


def test_the_table_of_shared_names_every_package() -> None:
    rows = table(ARCHITECTURE.read_text(), "## What `shared/` gives")
    there = {path.name for path in (ROOT / "shared").iterdir() if path.name[0] not in "._"}
    assert {row[0].strip("`").rstrip("/") for row in rows} == {f"shared/{name}" for name in there}


def test_every_concept_is_found_in_a_file_and_they_are_few() -> None:
    rows = table(ARCHITECTURE.read_text(), "## Where to find it")
    assert 20 <= len(rows) <= 30
    assert [row for row in rows if len(row) != 2 or not NAMED_IN.fullmatch(row[1])] == []


def test_every_guarantee_names_a_file_that_holds_it() -> None:
    rows = table(ARCHITECTURE.read_text(), "## What is guaranteed, and by what")
    assert rows
    assert [row[0] for row in rows if not re.search(r"`[\w/]+\.py`", row[-1])] == []


def test_a_decision_is_numbered_and_says_why_it_was_taken() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [
        f"{n:04d}" for n in range(1, 1 + len(decisions))
    ]
    for path in decisions:
        title, *headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
        assert title.startswith(path.name[:4]), path.name
        assert headings == HEADINGS, path.name


@pytest.mark.parametrize("service", topics.SERVICES)
def test_a_readme_is_one_screen_and_shows_the_path_of_a_message(service: str) -> None:
    text = (ROOT / "services" / service / "README.md").read_text()
    assert text.count("\n") <= 60
    assert len(NAMED_IN.findall(text)) >= 6
