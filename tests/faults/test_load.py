"""The drill without a fault: what the others are compared with."""

import pytest

from tests.faults.ground import Ground


@pytest.mark.long
async def test_without_a_fault_nobody_is_deferred(ground: Ground) -> None:
    before = ground.memory.deferred.total()
    async with ground.under_load():
        await ground.more_are_taken(60)
    assert ground.memory.deferred.total() == before
