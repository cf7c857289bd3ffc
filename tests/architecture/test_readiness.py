"""The page on telemetry knows every readiness check of every process, and no other; a worker of some parts makes
theirs alone."""

import pytest

from shared.contracts.topics import INTAKE, SERVICES
from shared.http.ops import CHECK_SECONDS
from shared.observability.kinds import WorkerPart
from tools import readiness
from tools.routes import service_named, settings_of

ALWAYS = {
    *("database", "horizon_age", "outbox", "outbox_age", "retention", "retention_age"),
}
"""What every worker runs or asks, whatever its parts."""


def test_every_check_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert readiness.checks().keys() == readiness.MEANINGS.keys()


def test_checks_are_named_by_the_processes_that_make_them() -> None:
    found = readiness.checks()
    assert found["smtp"] == {("intake", "api")}
    assert len(found["database"]) == 8
    section = readiness.section()
    assert "| `database` | all | " in section
    assert "| `issuer` | api | " in section
    assert "| `ask` | followup worker | " in section


def test_the_page_says_how_long_a_probe_may_wait() -> None:
    assert f"cut off after {CHECK_SECONDS:g} seconds" in readiness.section()
    assert CHECK_SECONDS <= 2


@pytest.mark.parametrize("name", SERVICES)
async def test_every_part_of_a_worker_can_be_run_alone_and_asks_only_for_itself(name: str) -> None:
    service = service_named(name)
    async with service.worker(settings_of(service)) as whole:
        apart = {part: whole.only([part]) for part in service.parts}
    assert whole.only(service.parts) == whole
    assert {*whole.groups} == {*service.parts}
    assert {each for role in apart.values() for each in role.parts} == {*whole.parts}
    for part, role in apart.items():
        assert {*role.parts} == {*whole.groups[part]} | ALWAYS - {"database"}
        assert {*role.checks} <= {*whole.groups[part]} | ALWAYS
        assert ("broker" in role.checks) == (part in {WorkerPart.CONSUMERS, WorkerPart.RELAY})


async def test_the_parts_of_a_worker_stop_in_the_same_order_apart_as_together() -> None:
    service = service_named(INTAKE)
    async with service.worker(settings_of(service)) as whole:
        some = whole.only([WorkerPart.RELAY, WorkerPart.DELIVERY])
    order = [*whole.parts]
    assert [*some.parts] == sorted(some.parts, key=order.index)
    assert {"delivery", "relay"} <= {*some.parts}
