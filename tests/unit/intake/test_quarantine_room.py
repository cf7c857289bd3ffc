"""The room of the quarantine: never more than there is, and what came first stays."""

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.quarantine_room import Room, fitting

SIZES = st.lists(st.integers(0, 50), max_size=30)
SMALL = st.integers(0, 60)


@given(SIZES, st.integers(1, 20), st.integers(1, 300), SMALL, SMALL)
def test_what_is_kept_never_passes_the_bound(
    sizes: list[int], max_count: int, max_bytes: int, count: int, size: int
) -> None:
    room = Room(max_count=max_count, max_bytes=max_bytes)
    kept = [
        each for each, fits in zip(sizes, fitting(sizes, room, count, size), strict=True) if fits
    ]
    assert not kept or count + len(kept) <= max_count
    assert not kept or size + sum(kept) <= max_bytes


@given(SIZES, SMALL, SMALL)
def test_as_long_as_there_is_room_everything_is_kept(
    sizes: list[int], count: int, size: int
) -> None:
    room = Room(max_count=count + len(sizes) + 1, max_bytes=size + sum(sizes) + 1)
    assert all(fitting(sizes, room, count, size))


@given(SIZES, st.integers(1, 20), st.integers(1, 300))
def test_what_came_first_is_kept_whatever_comes_after(
    sizes: list[int], max_count: int, max_bytes: int
) -> None:
    room = Room(max_count=max_count, max_bytes=max_bytes)
    fits = fitting(sizes, room, 0, 0)
    for length in range(len(sizes)):
        assert fitting(sizes[:length], room, 0, 0) == fits[:length]
