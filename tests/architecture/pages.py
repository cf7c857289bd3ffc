"""The Markdown pages of the project, and what they show: prose, code, commands, links, paths."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD_OF_EVENTS = Path("tools/contracts/introduction.md")
"""Not a page: it is generated into docs/events.md and links from there."""
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"(?:[A-Z_]+=\S+ )*(?:make|python3?|curl|git|bash)\b")


def pages() -> list[Path]:
    """Every page, but nothing of what is installed or made beside the project."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."]
    found = [*ROOT.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))]
    return sorted({page.relative_to(ROOT) for page in found} - {HEAD_OF_EVENTS})


def prose(text: str) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", text)


def code(text: str) -> list[str]:
    """What stands in backticks and is no link: a link is held to where it leads."""
    return _CODE.findall(_LINK.sub("", prose(text)))


def commands(text: str) -> list[str]:
    """What a reader may type: the lines of `sh` blocks, and commands in backticks."""
    blocks = [body for language, body in _FENCE.findall(text) if language in ("sh", "bash")]
    lines = [line for body in blocks for line in body.splitlines() if line and line[0] != "#"]
    return lines + [span for span in code(text) if _COMMAND.match(span) and " " in span]


def links(text: str) -> list[str]:
    """Where the page points within the project."""
    return [target for target in _LINK.findall(prose(text)) if "://" not in target]


def anchors(text: str) -> Iterator[str]:
    """The names under which its headings can be pointed at."""
    for heading in _HEADING.findall(prose(text)):
        kept = re.sub(r"[^\w\- ]", "", heading.lower())
        yield kept.strip().replace(" ", "-")
