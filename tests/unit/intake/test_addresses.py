"""One spelling for each address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.address import ContactPoint, PointKind
from shared.contracts.values import Channel
from shared.kernel.errors import Invalid
from tests.unit.intake.builders import point_of


@pytest.mark.parametrize(
    ("channel", "address", "kind", "spelling"),
    [
        ("email", " Asha.Rao@Example.ORG ", "email", "asha.rao@example.org"),
        ("email", "müller@bücher.example", "email", "müller@xn--bcher-kva.example"),
        ("email", "o'brien+x@example.org", "email", "o'brien+x@example.org"),
        ("web", "Asha@example.org", "email", "asha@example.org"),
        ("api", "+49 (151) 234-5678", "phone", "+491512345678"),
        ("sms", "0049 151 2345678", "phone", "+491512345678"),
        ("phone", "+91 98123 45678", "phone", "+919812345678"),
        ("whatsapp", "919812345678", "phone", "+919812345678"),
        ("social", "@Asha", "handle", "social:asha"),
        ("chat", "visitor-17", "handle", "chat:visitor-17"),
    ],
)
def test_an_address_has_one_spelling(channel: str, address: str, kind: str, spelling: str) -> None:
    assert point_of(Channel(channel), address) == ContactPoint(PointKind(kind), spelling)


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "nobody"),
        ("email", "a@b@c"),
        ("email", "a@"),
        ("email", f"{'a' * 250}@example.org"),
        ("email", f"a@{'b' * 64}.org"),
        ("sms", "0151 2345678"),
        ("phone", "+12"),
        ("phone", "hello"),
        ("social", "@"),
        ("chat", "a\nb"),
    ],
)
def test_what_is_no_address_is_refused(channel: str, address: str) -> None:
    with pytest.raises(Invalid):
        point_of(Channel(channel), address)


def test_the_same_letters_in_another_alphabet_are_another_person() -> None:
    latin, cyrillic = (
        point_of(Channel.EMAIL, text) for text in ("asha@example.org", "аsha@example.org")
    )
    assert latin != cyrillic


@given(st.sampled_from(Channel), st.text(max_size=40))
def test_a_spelling_is_final(channel: Channel, address: str) -> None:
    try:
        point = point_of(channel, address)
    except Invalid:
        return
    spelled = (
        point.address.removeprefix(f"{channel}:")
        if point.kind is PointKind.HANDLE
        else point.address
    )
    assert point_of(channel, spelled) == point
    point.address.encode()
