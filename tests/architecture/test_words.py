"""The machinery is named in the field's terms: the words that were retired do not come back as names.

A word is retired in the sense of `docs/glossary.md` only, so what is looked at are names in code, not
prose: files, functions, classes, arguments and variables, word by word.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_shape import ROOT, parsed, sources

RETIRED = {
    "told": "events",
    "teller": "view",
    "heard": "consumed, event",
    "hear": "consume",
    "ears": "subscription",
    "hearing": "handler",
    "bury": "enqueue_dead_letters",
    "ship": "publish_batch",
    "shipment": "PublishedBatch",
    "shipping": "publishing",
    "patience": "backoff, timeout",
    "books": "cursor",
    "office": "leader",
    "elected": "acquire",
    "resign": "release",
    "lane": "group member, max_in_flight, match group",
    "lanes": "group members, max_in_flight, match groups",
    "door": "server",
    "doors": "servers, security",
    "mail_room": "inbound mail",
    "reception": "submission",
    "rereading": "quarantine codec",
    "voice": "channel",
    "crowd": "agent pool, traffic",
    "powers": "authorities",
    "purse": "budget key",
    "upkeep": "periodic job",
    "rounds": "periodic jobs",
    "timers": "periodic jobs",
    "bell": "signal",
    "bells": "signals",
    "doings": "task set",
}
"""What is retired, and what is said instead."""

PRODUCT_WORDS = {("shared/contracts/routing.py", "HEAR")}
"""Names that are the product's: hear is a step of HELP."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that the module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def words(name: str) -> str:
    """A name as lower-case words joined by underscores, with one at either end."""
    return f"_{'_'.join(word.lower() for word in _WORD.findall(name))}_"


def retired_in(path: Path, tree: ast.Module) -> list[str]:
    """The retired words in a file's name and in the names that it gives."""
    given = [(0, path.stem), *names(tree)]
    return [
        f"{path}:{line} {name}: say {instead}"
        for line, name in given
        for word, instead in RETIRED.items()
        if f"_{word}_" in words(name) and (str(path), name) not in PRODUCT_WORDS
    ]


def test_no_name_brings_a_retired_word_back() -> None:
    found = []
    for source in sources():
        found += retired_in(source.relative_to(ROOT), parsed(source))
    assert found == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shared/patience.py", ""),
        ("shared/planted.py", "def hear(): ..."),
        ("shared/planted.py", "class MailRoom: ..."),
        ("shared/planted.py", "def send(lane): ..."),
        ("shared/planted.py", "for told in (): ..."),
        ("shared/planted.py", "self.bells = 1"),
    ],
)
def test_a_retired_word_is_noticed(path: str, source: str) -> None:
    assert retired_in(Path(path), ast.parse(source))


def test_a_word_within_another_is_no_retired_word() -> None:
    assert (
        retired_in(Path("shared/planted.py"), ast.parse("def clearly(officer, drums): ...")) == []
    )
