"""The page for publishers says how their event is named where ours answer it, and it is so."""

import re
from uuid import UUID, uuid5

from shared.kernel.ids import stable_id
from tests.architecture.pages import ROOT

PAGE = ROOT / "docs" / "integrate" / "publish.md"
FORMULA = re.compile(
    r"namespace `(?P<namespace>[0-9a-f-]{36})`: `(?P<source>\S+)` and `(?P<id>\S+)` give `(?P<uuid>[0-9a-f-]{36})`"
)


def test_the_formula_of_the_page_gives_what_the_page_says_and_what_we_do() -> None:
    found = FORMULA.search(PAGE.read_text("utf-8"))
    assert found
    named = f"{found['source']}\x1f{found['id']}"
    assert str(uuid5(UUID(found["namespace"]), named)) == found["uuid"]
    assert str(stable_id(found["source"], found["id"])) == found["uuid"]
