"""Operators see which promises are about to be broken while something can still be done."""

from prometheus_client import REGISTRY

from services.intake.application.commands.settle_promises import break_due
from services.intake.entrypoints.jobs import show_promises_at_risk
from tests.integration.intake.place import Intake
from tests.unit.intake.builders import an_arrival


async def at_risk(intake: Intake) -> float | None:
    await show_promises_at_risk(intake.jobs(batch=10))
    return REGISTRY.get_sample_value("rapport_promises_at_risk")


async def test_a_promise_is_at_risk_in_the_last_fifth_of_its_time_until_it_is_settled(
    intake: Intake,
) -> None:
    promise = (await intake.stored(an_arrival())).promise
    assert promise
    whole = (promise.due_at - intake.clock.now()).total_seconds()
    assert await at_risk(intake) == 0
    intake.clock.advance(whole * 0.79)
    assert await at_risk(intake) == 0
    intake.clock.advance(whole * 0.02)
    assert await at_risk(intake) == 1
    intake.clock.advance(whole)
    assert await at_risk(intake) == 1
    async with intake.database.transaction() as tx:
        await break_due(tx, intake.clock.now(), 10)
    assert await at_risk(intake) == 0
