"""The metrics count what is committed: they tell the same as the tally in the database."""

import pytest
from prometheus_client import REGISTRY

from tests.integration.intake.place import Intake
from tests.unit.intake.builders import an_arrival


def stored() -> float:
    labels = {"channel": "email"}
    return REGISTRY.get_sample_value("rapport_intake_stored_total", labels) or 0.0


async def test_what_is_rolled_back_is_not_counted(intake: Intake) -> None:
    before = stored()
    with pytest.raises(LookupError):
        await accepted_in_vain(intake)
    assert stored() == before
    await intake.stored(an_arrival())
    assert stored() == before + 1


async def accepted_in_vain(intake: Intake) -> None:
    async with intake.database.transaction() as tx:
        await intake.use_case(tx, [an_arrival()], await intake.config.read(tx))
        raise LookupError
