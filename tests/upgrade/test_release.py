"""Which release is upgraded from, and what its code is."""

import pytest

from tests.upgrade.release import Code, archive_of, commit_to_upgrade_from, last_released

EMPTY = "# What is released: version, commit, date; one line each, oldest first.\n"


def test_the_last_line_of_the_releases_names_the_commit() -> None:
    assert (
        last_released(f"{EMPTY}1.0.0, aaa111, 2027-01-01\n1.1.0, bbb222, 2027-02-01\n") == "bbb222"
    )
    assert last_released(EMPTY) is None


def test_a_commit_may_be_named_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_RELEASE", "ccc333")
    assert commit_to_upgrade_from() == "ccc333"


def test_a_commit_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="no commit 0000000 here: fetch the history"):
        archive_of("0000000")


def test_settings_that_the_code_has_not_are_not_handed_to_it() -> None:
    given = {"RAPPORT_DATABASE__DSN": "postgresql://", "RAPPORT_OF_TOMORROW": "1"}
    assert Code().known(given) == {"RAPPORT_DATABASE__DSN": "postgresql://"}
