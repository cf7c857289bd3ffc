"""HTML as a reader sees it, in plain text: one pass, no tree, and time that grows with the input alone.

Tags are found as browsers find them, but a comment, a quote or a hidden element that is never closed
hides nothing: a customer's words count for more than their markup.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Final

_MARKUP: Final = re.compile(r"</?[a-zA-Z]|<[!?]")
_NAME: Final = re.compile(r"[a-zA-Z][^\s/>]*")
_VALUE_OR_END: Final = re.compile(r">|=[ \t\n\r\f]*([\"'])")
_SPACES: Final = re.compile(r"[ \t\n\r\f\xa0]+")
_LONG_NUMBER: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{10,};?")
"""Numbers that name no character, of a length that Python would refuse to read."""
_PARAGRAPHS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "figure"))
_BLOCKS: Final = _PARAGRAPHS | frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt",
        "fieldset", "figcaption", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li", "main",
        "nav", "ol", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
    )
)  # fmt: skip
_UNSEEN: Final = {
    name: re.compile(rf"(?i)</{name}(?=[\s/>])") for name in ("script", "style", "title")
}
_CAN_HIDE: Final = frozenset(("div", "span", "p", "table", "tr", "td"))

Tag = tuple[str, bool, str]
"""Its name, whether it ends an element, and all that stands between `<` and `>`."""


def text_of(html: str) -> str:
    """What a reader sees of it: lines, list marks and cells apart; no scripts, styles or markup."""
    shown, whole = _shown(html, hiding=True)
    if not whole:  # what hides was never closed, so it would hide everything after it
        shown, _ = _shown(html, hiding=False)
    return shown.strip()


def _shown(html: str, *, hiding: bool) -> tuple[str, bool]:
    page = _Page(hiding=hiding)
    for text, tag in _pieces(html):
        if text:
            page.text(text)
        if tag:
            page.tag(*tag)
    return page.shown(), page.nothing_hidden


def _pieces(html: str) -> Iterator[tuple[str, Tag | None]]:
    """Text and the tag behind it, in order, to the end."""
    scan = _Scan(html)
    begin = look = 0
    while found := _MARKUP.search(html, look):
        start = found.start()
        end = scan.end_of(start)
        if end is None:
            break
        tag = scan.tag(start, end)
        yield html[begin:start], tag
        begin = look = end
        if tag and not tag[1] and tag[0] in _UNSEEN:
            closed = _UNSEEN[tag[0]].search(html, end)
            begin = look = closed.start() if closed else len(html)
    yield html[begin:], None


class _Scan:
    """Where tags and comments end. What was once looked for to the end in vain is not looked for again."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._comments_end = self._quotes_end = True

    def end_of(self, start: int) -> int | None:
        """The place behind the markup at `start`; None if nothing closes any more."""
        html = self._html
        if html.startswith("<!--", start) and self._comments_end:
            end = html.find("-->", start + 2)
            if end >= 0:
                return end + 3
            self._comments_end = False
        if html[start + 1] not in "!?" and self._quotes_end:
            quoted = self._end_beyond_quotes(start)
            if quoted is not None:
                return quoted
            self._quotes_end = False
        return html.find(">", start) + 1 or None

    def tag(self, start: int, end: int) -> Tag | None:
        """The tag that stands there; None if it is a comment."""
        ends = self._html[start + 1] == "/"
        name = _NAME.match(self._html, start + 1 + ends, end)
        return (name.group().lower(), ends, self._html[start:end]) if name else None

    def _end_beyond_quotes(self, start: int) -> int | None:
        """A `>` within an attribute's quotes ends nothing."""
        look = start
        while found := _VALUE_OR_END.search(self._html, look):
            quote = found.group(1)
            if quote is None:
                return found.end()
            closing = self._html.find(quote, found.end())
            if closing < 0:
                return None
            look = closing + 1
        return None


class _Page:
    """Writes what is seen. Line ends, gaps and marks wait until there is something to write behind them."""

    def __init__(self, *, hiding: bool) -> None:
        self._written: list[str] = []
        self._lines = 0
        self._gap = self._mark = ""
        self._lists: list[int | None] = []
        self._preformatted = 0
        self._hiding, self._hidden, self._depth = hiding, "", 0
        self._starts: dict[str, Callable[[], None]] = {
            "br": self._line,
            "ul": lambda: self._lists.append(None),
            "ol": lambda: self._lists.append(0),
            "li": self._item,
            "td": self._cell,
            "th": self._cell,
            "pre": self._begin_preformatted,
            "q": lambda: self._write('"'),
        }
        self._ends: dict[str, Callable[[], None]] = {
            "ul": self._end_list,
            "ol": self._end_list,
            "pre": self._end_preformatted,
            "q": lambda: self._write('"'),
        }

    @property
    def nothing_hidden(self) -> bool:
        """Whether all that hid something was closed."""
        return not self._hidden

    def shown(self) -> str:
        """All that was written."""
        return "".join(self._written)

    def tag(self, name: str, ends: bool, whole: str) -> None:
        """An element begins or ends."""
        if self._hidden:
            self._depth += (name == self._hidden) * (-1 if ends else 1)
            self._hidden = self._hidden if self._depth else ""
            return
        if name in _BLOCKS:
            self._lines = max(self._lines, 2 if name in _PARAGRAPHS else 1)
        if not ends and self._hiding and name in _CAN_HIDE and _hides(whole):
            self._hidden, self._depth = name, 1
            return
        action = (self._ends if ends else self._starts).get(name)
        if action:
            action()

    def text(self, raw: str) -> None:
        """Characters between two tags."""
        if self._hidden:
            return
        text = unescape(_LONG_NUMBER.sub("\ufffd", raw)) if "&" in raw else raw
        if self._preformatted:
            self._write(text)
            return
        text = _SPACES.sub(" ", text)
        if text[:1] == " ":
            self._gap = self._gap or " "
        words = text.strip(" ")
        if words:
            self._write(words)
            self._gap = " " if text[-1] == " " else ""

    def _write(self, text: str) -> None:
        if self._lines and self._written:
            self._written.append("\n" * self._lines)
        elif self._written and not self._mark:
            self._written.append(self._gap)
        self._written += (self._mark, text)
        self._lines, self._gap, self._mark = 0, "", ""

    def _line(self) -> None:
        self._lines += 1

    def _cell(self) -> None:
        self._gap = "\t"

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        self._mark = "* " if number is None else f"{number + 1}. "
        if number is not None:
            self._lists[-1] = number + 1

    def _end_list(self) -> None:
        self._mark = ""
        if self._lists:
            self._lists.pop()

    def _begin_preformatted(self) -> None:
        self._preformatted += 1

    def _end_preformatted(self) -> None:
        self._preformatted = max(self._preformatted - 1, 0)


def _hides(tag: str) -> bool:
    """Whether its style keeps the element from being shown."""
    style = tag.lower().partition("style")[2]
    return "display:none" in "".join(style.split())
