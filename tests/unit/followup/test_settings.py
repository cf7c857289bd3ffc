"""The policy as it is given to a process."""

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.followup.bootstrap import links, policy
from services.followup.domain.check_ins.policy import QuietHours, Rule
from services.followup.settings import CheckInSettings, Settings
from shared.settings import SettingsError, load

ENVIRONMENT = {
    "RAPPORT_DATABASE__DSN": "postgresql://127.0.0.1/followup",
    "RAPPORT_KAFKA__BOOTSTRAP": "127.0.0.1:9092",
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "jwks.json",
    "RAPPORT_PUBLIC_URL": "https://help.example",
    "RAPPORT_LINK_SECRETS": json.dumps(["s" * 32]),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_customers_are_asked_after_a_day_and_have_three_days_outside_of_quiet_hours() -> None:
    rules = policy(CheckInSettings())
    assert rules.rules == (Rule(delay=timedelta(days=1), window=timedelta(days=3)),)
    assert rules.quiet_hours == QuietHours(time(21), time(8))


def test_exceptions_stand_before_the_rule_for_all(environment: pytest.MonkeyPatch) -> None:
    chat = {"channel": "chat", "delay_seconds": 60, "window_seconds": 600}
    environment.setenv("RAPPORT_CHECK_IN__RULES", json.dumps([chat]))
    environment.setenv("RAPPORT_CHECK_IN__DELAY_SECONDS", "2")
    environment.setenv("RAPPORT_CHECK_IN__QUIET_HOURS", "false")
    rules = policy(load(Settings).check_in)
    assert [(rule.channel, rule.delay.total_seconds()) for rule in rules.rules] == [
        ("chat", 60),
        (None, 2),
    ]
    assert rules.quiet_hours is None


def test_the_old_name_of_a_setting_is_refused_with_the_new_one(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("RAPPORT_TIMER_BATCH", "5")
    with pytest.raises(SettingsError, match="RAPPORT_JOB_BATCH"):
        load(Settings)


@pytest.mark.parametrize("secrets", ["[]", '["short"]'])
def test_links_need_a_secret_of_some_length_which_no_error_shows(
    environment: pytest.MonkeyPatch, secrets: str
) -> None:
    environment.setenv("RAPPORT_LINK_SECRETS", secrets)
    with pytest.raises(SettingsError) as refused:
        load(Settings)
    assert "RAPPORT_LINK_SECRETS" in str(refused.value)
    assert "short" not in str(refused.value)


def test_the_secrets_of_links_may_stand_in_a_file_that_is_read_again(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "keys"
    path.write_text(json.dumps(["o" * 32]))
    environment.delenv("RAPPORT_LINK_SECRETS")
    environment.setenv("RAPPORT_LINK_SECRETS_FILE", str(path))
    signed, moment = links(load(Settings)), datetime(2026, 3, 2, tzinfo=UTC)
    before = signed.link(UUID(int=7), moment)
    path.write_text(json.dumps(["o" * 32, "n" * 32]))
    assert signed.link(UUID(int=7), moment) != before
    assert signed.read(before.rpartition("/")[2]).check_in_id == UUID(int=7)


def test_a_file_without_keys_is_refused_at_start(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text('["short"]')
    environment.delenv("RAPPORT_LINK_SECRETS")
    environment.setenv("RAPPORT_LINK_SECRETS_FILE", str(tmp_path / "keys"))
    with pytest.raises(SettingsError, match="RAPPORT_LINK_SECRETS: must be a JSON list"):
        load(Settings)


def test_secrets_are_not_shown_with_the_settings() -> None:
    settings = load(Settings)
    assert "s" * 32 not in repr(settings)
    assert links(settings)
