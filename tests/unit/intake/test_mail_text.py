"""What a reader sees of HTML, and where the newest words of a mail end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.channels.email.html import text_of
from services.intake.adapters.channels.email.quotes import newest


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello,</p><p>my  <b>parcel</b>\n is late.</p>", "Hello,\n\nmy parcel is late."),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("un<i>believ</i>able", "unbelievable"),
        ("<a href=x>one</a>\n<a>two</a>", "one two"),
        ("<ul><li>tea<li>milk</ul>please", "* tea\n* milk\nplease"),
        ("<ol><li>first</li><li>second</li></ol>", "1. first\n2. second"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n* b\n2. c"),
        ("<table><tr><th>Order<td>4711<tr><td>Paid<td>20 €</table>", "Order\t4711\nPaid\t20 €"),
        ("<pre>a\n   b</pre>c", "a\n   b\nc"),
        ("she said <q>no</q>.", 'she said "no".'),
        ("20 &euro; &lt; 30&nbsp;&#8364; &amp; &zzz; &#0;", "20 € < 30 € & &zzz; \ufffd"),
        ("1 < 2 and 3 > 2, I <3 you", "1 < 2 and 3 > 2, I <3 you"),
        ("<!DOCTYPE html><?xml x?><html><head><title>T</title></head><body>B</body></html>", "B"),
        ("<![if !mso]>shown<![endif]><!--[if mso]><p>not</p><![endif]-->", "shown"),
        ("a<STYLE>p > q {}</STYLE>b<script>'</p>'</script>c", "abc"),
        ('<a title="1 > 0">b</a>', "b"),
        ("<div STYLE='color:red; DISPLAY : none'>unseen</div>seen", "seen"),
        ("<p class=hidden title=none>seen</p>", "seen"),
    ],
)
def test_html_reads_as_it_looks(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "my parcel <!-- is late",
        "my parcel <a title='is late",
        "my parcel <b is late",
        "my parcel <div style='display:none'> is late",
        "<div style='display:none'><div>my parcel</div> is late",
        "<table><td>my parcel<td> is late",
        "</p></div></ul></pre></ol></table>my parcel is late",
        "my parcel <![CDATA[ is late",
    ],
)
def test_what_is_never_closed_swallows_no_words(html: str) -> None:
    assert "my parcel" in text_of(html)
    assert "is late" in text_of(html)


def test_a_page_as_deep_as_it_is_long_is_read() -> None:
    assert text_of("<div>" * 100_000 + "deep down") == "deep down"
    assert text_of("<li>" * 100_000 + "deep down") == "* deep down"


@given(st.text(st.characters(exclude_characters="<>&\xa0", exclude_categories=["Cs"])))
def test_text_without_markup_keeps_its_words(text: str) -> None:
    assert text_of(text).split() == text.split()


@pytest.mark.parametrize(
    "introduction",
    [
        "On Mon, 2 Mar 2026 at 12:00, Help <help@rapport.example> wrote:",
        "On Mon, 2 Mar 2026 at 12:00, The Help of Rapport\n<help@rapport.example> wrote:",
        "On Mon, 2 Mar 2026 at 12:00, Help <help@rapport.example>\nwrote:",
        "> On Mon, 2 Mar 2026, Help wrote:",
        "Am 02.03.2026 um 12:00 schrieb Hilfe <help@rapport.example>:",
        "Am 02.03.2026 um 12:00 schrieb Hilfe\n<help@rapport.example>:",
        "Le lun. 2 mars 2026 à 12:00, Aide <help@rapport.example> a écrit :",
        "El lun, 2 mar 2026 a las 12:00, Ayuda (<help@rapport.example>) escribió:",
        "Il giorno lun 2 mar 2026 alle ore 12:00 Aiuto <help@rapport.example> ha scritto:",
        "Op ma 2 mrt 2026 om 12:00 schreef Hulp <help@rapport.example>:",
        "-----Original Message-----",
        "From: Help <help@rapport.example>\nSent: Monday, 2 March 2026 12:00\nTo: Asha",
        "*From:* Help\n*Sent:* Monday",
        "From:\nHelp\nSent:\nMonday",
        "Von: Hilfe\nGesendet: Montag, 2. März 2026",
        "De : Aide\nEnvoyé : lundi 2 mars 2026",
    ],
)
def test_the_newest_words_end_where_a_quote_is_introduced(introduction: str) -> None:
    assert (
        newest(f"It is still broken.\n\n{introduction}\n\n> we fixed it\n") == "It is still broken."
    )


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I came home.\nNothing was there.",
        "On Monday she\n\nwrote:",
        "I wrote: where is it?",
        "From: Berlin is where I come from.\nPlease help.",
        "Only one thing: the parcel.\nNo: two.",
        "> only a quote",
        "-----\nOriginal Message",
        "  indented\n    text",
    ],
)
def test_other_words_are_kept_as_they_are(text: str) -> None:
    assert newest(text) == text


def test_nothing_is_newest_where_the_first_line_introduces_a_quote() -> None:
    assert newest("On Monday, Asha wrote:\n> hello") == ""
