"""Whatever a mail holds: what reading it costs grows with its length alone, and so does what comes out."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.adapters.channels.email.inbound import read_mail
from services.intake.domain.mail import Envelope
from shared.kernel.errors import Invalid
from tests.unit.intake.builders import NOON

HEAD = b"From: Asha Rao <asha@example.org>\r\nTo: help@rapport.example\r\nMessage-ID: <1@example.org>\r\n"
LONG = 50_000
ALLOWED_SECONDS = 0.25
MOST_GROWTH = 2.5
"""When the length doubles. It is looked at over three doublings, where chance counts for little."""

Make = Callable[[int], bytes]


def repeated(piece: bytes, length: int) -> bytes:
    return (piece * (length // len(piece) + 1))[:length]


def a_body(content: bytes, kind: bytes = b"text/plain") -> bytes:
    return HEAD + b"Content-Type: " + kind + b"; charset=utf-8\r\n\r\n" + content


def of_text(piece: bytes) -> Make:
    return lambda length: a_body(b"a" + repeated(piece, length) + b"\nb")


def of_html(piece: bytes) -> Make:
    return lambda length: a_body(b"a<p>" + repeated(piece, length) + b"</p>b", b"text/html")


def of_header(name: bytes, piece: bytes) -> Make:
    def make(length: int) -> bytes:
        value = repeated(piece, length)
        lines = [value[begin : begin + 900] for begin in range(0, length, 900)]
        return HEAD + name + b": x" + b"\r\n ".join(lines) + b"\r\n\r\nhello"

    return make


def of_parts(part: bytes) -> Make:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return lambda length: head + repeated(b"--b\r\n" + part, length)


def a_wide_cell(length: int) -> bytes:
    wide = b"<table><tr><td>" + b"w" * (length // 4) + b"</td></tr>"
    return a_body(wide + repeated(b"<tr><td>x</td></tr>", 3 * length // 4), b"text/html")


def a_deep_page(length: int) -> bytes:
    return a_body(b"<div>" * (length // 9) + b"</b>" * (length // 9) + b"end", b"text/html")


def a_deep_mail(length: int) -> bytes:
    parts = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(90)
    )
    return HEAD + b"".join(parts) + b"\r\n" * (length // 2)


def an_attached_mail(length: int) -> bytes:
    head = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    inner = b"Content-Type: message/rfc822\r\n\r\nTo: a" + repeated(b",a@b.org;\r\n ", length)
    return head + inner + b"\r\n\r\nhello\r\n"


def a_report(length: int) -> bytes:
    return HEAD + b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n" * (length // 2)


HOSTILE = {
    "empty lines": of_text(b"\r\n"),
    "quoted lines": of_text(b"> \n"),
    "introductions": of_text(b"On Mon, 2 Mar 2026 at 12:00, Help\n"),
    "an introduction without end": of_text(b"On Mon, Help wrote "),
    "heads without end": of_text(b"From:\n\n"),
    "spaces": of_text(b" "),
    "line breaks": of_html(b"<br>"),
    "open elements": of_html(b"<div>"),
    "comments without end": of_html(b"<!-- >"),
    "quotes without end": of_html(b"<a title=\"<b>' "),
    "tags without end": of_html(b"<a "),
    "character numbers": of_html(b"&#x41;"),
    "one long number": of_html(b"&#" + b"9" * 100_000),
    "styles": of_html(b"<p style= none"),
    "hidden elements": of_html(b"<div style='display:none'>"),
    "lists in lists": of_html(b"<ol><li>x"),
    "a wide cell": a_wide_cell,
    "a deep page": a_deep_page,
    "encoded words without end": of_header(b"Subject", b"=?utf-8?q?"),
    "names without end": of_header(b"From", b"a:;,"),
    "parameters": of_header(b"Content-Type", b"\";"),
    "references": of_header(b"References", b"<a@b"),
    "empty parts": of_parts(b"\r\n"),
    "file names": of_parts(b"Content-Disposition: attachment; filename=" + b"=?a?q?" * 500 + b"\r\n\r\nx\r\n"),
    "words in no charset": of_header(b"Subject", b"=?x?q?=e4?= "),
    "heads in no charset": of_parts(b"Content-Disposition: attachment; filename=\xcf\xf0%\xe8\r\n\r\nx\r\n"),
    "parts in no charset": of_parts(b"\r\n\xcf\xf0\xe8\xe2\xe5\xf2\r\n"),
    "a body in no charset": lambda length: HEAD + b"\r\n" + repeated(bytes(range(128, 256)), length),
    "escapes": lambda length: HEAD + b"\r\n" + repeated(b"\x1b$B", length),
    "plain halves of little": of_parts(b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\na\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>b\r\n--c--\r\n"),
    "a deep mail": a_deep_mail,
    "an attached mail": an_attached_mail,
    "a delivery report": a_report,
}  # fmt: skip


def cost(content: bytes, tries: int = 1) -> float:
    """Processor time of reading it, the best of some tries; what comes out is not more than four times as long."""
    best = float("inf")
    for _ in range(tries):
        began = time.thread_time()
        length = _read_length(content)
        best = min(best, time.thread_time() - began)
        assert length <= 4 * len(content)
    return best


def _read_length(content: bytes) -> int:
    try:
        arrival = read_mail(content, Envelope(sender="a@b.org", recipients=("h@r.example",)), NOON)
    except Invalid:
        return 0
    return len(arrival.full_text or arrival.text)


@pytest.mark.parametrize("make", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_mail_is_read_in_time_that_grows_with_its_length(make: Make) -> None:
    assert cost(make(LONG)) < ALLOWED_SECONDS
    short, doubled_thrice = make(LONG // 2), make(LONG // 2 * 2**3)
    assert cost(doubled_thrice, 2) <= MOST_GROWTH**3 * cost(short, 3) + 0.005


def test_a_table_of_200_kb_with_one_wide_cell_is_not_padded() -> None:
    content = a_wide_cell(210_000)
    assert cost(content) < 4 * ALLOWED_SECONDS


PIECES = st.sampled_from(
    [
        "\n", "\r\n", " ", "\t", "a", "é", "字", "\u00a0", ">", "> ", "<", "&", ";", ":", "-", "-----", "_", "*", '"', "'",
        "=", "/", "!", "?", "On ", "On x", " wrote:", "wrote", "Am ", " schrieb", "Le ", "a écrit", "From: ", "To: x", "Cc:",
        "Original Message", "<br>", "<p>", "</p>", "<div>", "</div>", "<b", "<!--", "-->", "<![CDATA[", "<table>", "<tr>",
        "<td>", "</table>", "<ul>", "<ol>", "<li>", "</ol>", "<pre>", "</pre>", "<q>", "<script>", "</script", "<style>",
        "<title>", "&amp;", "&#", "&#x", "99999", "&nGt;", "display:none", "style=", "<span style='display:none'>", "</span>",
    ]
)  # fmt: skip
PATTERNS = st.lists(PIECES | st.text(max_size=3), min_size=1, max_size=6).map("".join)
awkward = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@awkward
@given(PATTERNS.filter(bool), st.sampled_from([of_text, of_html]))
def test_fifty_kilobytes_of_anything_are_read_in_a_quarter_of_a_second(
    pattern: str, of: Callable[[bytes], Make]
) -> None:
    assert cost(of(pattern.encode("utf-8", "replace"))(LONG)) < ALLOWED_SECONDS


@awkward
@given(
    st.lists(PATTERNS, min_size=1, max_size=5),
    st.integers(1, 200),
    st.sampled_from(["plain", "html"]),
)
def test_stretches_of_this_and_that_are_read_in_good_time(
    patterns: list[str], times: int, kind: str
) -> None:
    text = "".join(pattern * times for pattern in patterns) * times
    content = a_body(text.encode("utf-8", "replace")[:LONG], f"text/{kind}".encode())
    assert cost(content) < ALLOWED_SECONDS
