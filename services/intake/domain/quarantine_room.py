"""How much of what cannot be read is kept: up to a bound, and what came first stays."""

from collections.abc import Iterable

import msgspec


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """So many items with so many bytes: what there is room for, or what is in it."""

    max_count: int
    max_bytes: int


def fitting(sizes: Iterable[int], room: Room, used_count: int, used_bytes: int) -> list[bool]:
    """For each item of these sizes, in their order, whether there is room for it."""
    fits = []
    for size in sizes:
        fits.append(used_count < room.max_count and used_bytes + size <= room.max_bytes)
        used_count += fits[-1]
        used_bytes += size * fits[-1]
    return fits
