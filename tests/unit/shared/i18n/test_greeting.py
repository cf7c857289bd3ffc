"""A name is what a person may be greeted by; whatever else stands in its place is sent to nobody."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.i18n.greeting import MAX_LENGTH, greetable, greeting

ORDINARY = [
    "Asha Rao",
    "Al",
    "José O'Neill-Smith",
    "Siobhán O’Brien",
    "Jean‐Luc",
    "J. R. R. Tolkien",
    "J.R.R. Tolkien",
    "Sammy Davis Jr.",
    "Gerard 't Hooft",
    "Anna-Lena Freifrau von Weiß",
    "Dr. Müller",
    "Prof. Dr. h.c. Jürgen Groß",
    "Dr.-Ing. Änne Öz",
    "Жаргал",
    "Бат-Эрдэнийн Болд",
    "Мөнхцэцэг Г.",
    "ఆశా రావు",
    "డా. లక్ష్మీ నారాయణ",
    "క్\u200cష",
    unicodedata.normalize("NFD", "Zoë Škvorecký"),
    "محمد‌علی",
    "山田一郎",
]
NO_NAMES = [
    "",
    " ",
    "Win at http://evil.example",
    "www.evil.example",
    "evil.example",
    "Visit evil.example. Now",
    "t.co",
    "e.v.il",
    "J.R.evil.example",
    "пример.испытание",
    "పేరు.భారత్",
    "evil。example",
    "ada@post.example",
    "Call 0190 123456",
    "R2D2",
    "Anna ౯౮౭౬౫౪౩౨౧",
    "Call ①②③④⑤",
    "Win ½",
    "Ⅷ",
    "Anna\r\nBcc: all@example.org",
    "Anna\n\nPay us",
    "Anna\u2028Pay us",
    "An\x00na",
    "\x1b[2JAnna",
    "Anna\u202ennA",
    "\u200dAnna",
    "Anna\u200b",
    "Anna\u20e3",
    "<b>Anna</b>",
    "{name}",
    "Anna, your account is closed",
    "Anna/Ben",
    "Anna..Ben",
    "--",
    "A" * (MAX_LENGTH + 1),
]
PIECES = st.sampled_from(
    [*ORDINARY, *NO_NAMES, *".-'’ :/@1٣②\n\t\u200c\u200d\u0301\u00a0", "a", "co", "క్"]
)
ANYTHING = st.text(max_size=80) | st.lists(PIECES, max_size=6).map("".join)


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_are_greeted_as_they_are(name: str) -> None:
    assert greetable(name) == name


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_is_greeted_by_none(name: str) -> None:
    assert greetable(name) is None


def test_spaces_around_and_between_are_none_of_the_name() -> None:
    assert greetable("  Asha \u00a0 Rao ") == "Asha Rao"


@given(name=ANYTHING)
@example(name="Hello evil.co")
@example(name="A.B.co")
def test_whatever_the_name_no_greeting_holds_more_than_a_name(name: str) -> None:
    text = greeting(name, named="Hello {name},", unnamed="Hello,")
    assert text.startswith("Hello")
    assert len(text) <= len("Hello ,") + MAX_LENGTH
    assert text.splitlines() == [text]
    assert not re.search(r"[:/@<>&{}]", text)
    assert not re.search(r"\.\w\w|\.\w\W*$", text.removesuffix(",").removesuffix(".") + ",")
    kinds = {unicodedata.category(sign)[0] for sign in text if sign not in "\u200c\u200d"}
    assert kinds <= {"L", "M", "P", "Z"}


@given(name=ANYTHING)
def test_a_name_that_was_found_fit_stays_so(name: str) -> None:
    known = greetable(name)
    assert known is None or greetable(known) == known
