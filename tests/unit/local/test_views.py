"""What a person sees of the demonstration, while it runs and at its end."""

from collections.abc import Mapping
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType

from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.report import accounts

ROW: Mapping[str, Any] = {
    "channel": "web",
    "received": 3,
    "stored": 2,
    "quarantined": 0,
    "deduplicated": 1,
}


def shown(view: RenderableType, width: int = 60) -> str:
    """The view as text, in a terminal of that width."""
    console = Console(file=StringIO(), width=width, record=True)
    console.print(view)
    return console.export_text()


def test_until_somebody_writes_the_view_says_that_nobody_has() -> None:
    view = ConsoleView(30)
    assert "Nobody has written yet." in shown(view)
    view.say("Ada by web: Charged twice")
    assert "Ada by web" in shown(view)
    assert "Nobody" not in shown(view)


def test_a_line_too_long_for_the_terminal_stays_one_line() -> None:
    view = ConsoleView(30)
    view.say("a" * 100)
    view.say("b" * 100)
    assert [line[-1] for line in shown(view).splitlines()[-2:]] == ["…", "…"]


def test_accounts_of_nothing_are_a_sentence_and_no_empty_table() -> None:
    assert shown(accounts(())) == "Nothing was handed in.\n"
    assert "Nothing was" not in shown(accounts((ROW,)), 90)
    assert "web" in shown(accounts((ROW,)), 90)


def test_what_a_customer_says_of_our_work_has_a_colour_of_its_own() -> None:
    view = ConsoleView(30)
    for line in ("Ada: it is solved", "Bo: it is not solved: the contact reopens", "Cy writes: hm"):
        view.say(line)
    console = Console(file=StringIO(), width=60, record=True, force_terminal=True)
    console.print(view)
    printed = console.export_text(styles=True)
    assert "\x1b[32mAda: it is solved" in printed
    assert "\x1b[33mBo: it is not solved" in printed
    assert "  Cy writes" in printed
