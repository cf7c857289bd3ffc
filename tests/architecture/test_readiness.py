"""The page on telemetry knows every readiness check of every process, and no other."""

from shared.http.ops import CHECK_SECONDS
from tools import readiness


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
