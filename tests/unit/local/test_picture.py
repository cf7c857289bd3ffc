"""The demonstration draws itself: a picture that fetches nothing and always has the same size."""

import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.picture import draw, picture
from deploy.local.instance import ROOT

README = ROOT / "README.md"
EMBEDDED = re.compile(r"!\[([^\]]*)\]\((docs/pictures/[^)]+)\)")
MOST_BYTES = 150_000
NAMESPACE = "http://www.w3.org/2000/svg"
WRITTEN = (
    "Ada Whitfield (en) by web: Charged twice & <twice>",
    "Jürgen Weiß: it is solved",
    "లక్ష్మి రావు: it is not solved: the contact reopens",
    "Бат-Эрдэнэ writes: Баярлалаа!",
)


def small_view(*lines: str) -> ConsoleView:
    view = ConsoleView(30)
    view.count("arrived")
    for line in lines:
        view.say(line)
    return view


def words(svg: str) -> str:
    """What a reader reads in it; an error if it is no XML."""
    texts = [text.text or "" for text in fromstring(svg).iter(f"{{{NAMESPACE}}}text")]
    return "\n".join(texts).replace("\u00a0", " ")


def size(svg: str) -> str | None:
    return fromstring(svg).get("viewBox")


def fetched(svg: str) -> list[str]:
    """Everything in it that may make a reader's program fetch something."""
    asks = r"\w+://|\burl\((?!#)|\bhref\b|\bsrc\b|@import|<script|<image|<foreignObject"
    return re.findall(asks, svg.replace(f'xmlns="{NAMESPACE}"', ""))


def embedded() -> list[tuple[str, Path]]:
    found = EMBEDDED.findall(README.read_text())
    return [(says, ROOT / path) for says, path in found]


def test_a_picture_shows_what_the_view_shows(tmp_path: Path) -> None:
    draw(tmp_path / "small.svg", small_view(*WRITTEN), "make demo")
    read = words((tmp_path / "small.svg").read_text("utf-8"))
    for line in ("make demo", "Rapport, live.", "arrived", *WRITTEN):
        assert line in read


def test_a_picture_fetches_nothing() -> None:
    assert fetched(picture(small_view(*WRITTEN), "make demo")) == []


@pytest.mark.parametrize(
    "asking",
    [
        '<image href="a.png"/>',
        '<style>@import "fonts.css"</style>',
        "<style>@font-face { src: local(A) }</style>",
        "<style>a { background: url(b.png) }</style>",
        "<text>https://fonts.example</text>",
    ],
)
def test_what_would_be_fetched_is_noticed(asking: str) -> None:
    assert fetched(f'<svg xmlns="{NAMESPACE}">{asking}</svg>')


def test_a_picture_has_the_same_size_whatever_it_shows() -> None:
    many = [f"{'long ' * number}line {number}" for number in range(40)]
    sizes = {size(picture(small_view(*lines), "make demo")) for lines in ((), WRITTEN, many)}
    assert len(sizes - {None}) == 1


def test_the_readme_shows_pictures_of_the_present_size_that_fetch_nothing() -> None:
    assert 1 <= len(embedded()) <= 2
    for says, path in embedded():
        drawn = path.read_text("utf-8")
        assert len(says) > len("a picture of the demonstration")
        assert 1_000 < len(drawn.encode()) < MOST_BYTES
        assert fetched(drawn) == []
        assert size(drawn) == size(picture(small_view(), "make demo"))
        assert "Rapport, live." in words(drawn)


def test_every_picture_is_shown() -> None:
    assert {path for _, path in embedded()} == set((ROOT / "docs" / "pictures").iterdir())
