"""Identities: what is derived stays the same for ever, whoever computes it."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ids import new_id, stable_id

NAMESPACE = UUID("6f2a1c1e-6b0f-5d9e-9a5b-0f7c3a2e4d11")


@given(st.lists(st.text(), max_size=4))
def test_a_stable_id_is_the_one_that_any_library_derives(parts: list[str]) -> None:
    derived = stable_id(*parts)
    assert derived == uuid5(NAMESPACE, "\x1f".join(parts))
    assert (type(derived), derived.version) == (UUID, 5)


def test_a_new_id_is_a_plain_uuid_that_nobody_else_has() -> None:
    made = {new_id() for _ in range(10_000)}
    assert len(made) == 10_000
    assert {(type(each), each.version) for each in made} == {(UUID, 7)}
