"""What intake is set to is tried at its start, not at the first customer's cost."""

import json

import pytest

from services.intake.settings import ZONES, Settings
from shared.settings import SettingsError, load

ENVIRONMENT = {
    "RAPPORT_DATABASE__DSN": "postgresql://127.0.0.1/intake",
    "RAPPORT_KAFKA__BOOTSTRAP": "127.0.0.1:9092",
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "jwks.json",
    "RAPPORT_ATTACHMENTS__URL": "s3://rapport/attachments",
}
TIME_ZONES = "RAPPORT_CENTRE__TIME_ZONES"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("zone", ["Nowhere/At-All", "europe/berlin", "../etc/passwd", ""])
def test_a_time_zone_that_does_not_exist_is_refused_by_setting_and_name(
    environment: pytest.MonkeyPatch, zone: str
) -> None:
    environment.setenv(TIME_ZONES, json.dumps({"te": "Asia/Kolkata", "en": zone}))
    with pytest.raises(SettingsError) as refused:
        load(Settings)
    (complaint,) = str(refused.value).splitlines()
    assert complaint.startswith(f"{TIME_ZONES}: en: ")
    assert repr(zone) in complaint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RAPPORT_COMMIT_LANES", "RAPPORT_COMMIT_MAX_IN_FLIGHT"),
        ("RAPPORT_COMMIT_CAP", "RAPPORT_COMMIT_MAX_BATCH"),
        ("RAPPORT_MAIL__CONNECTIONS", "RAPPORT_DELIVERY__MAX_IN_FLIGHT"),
        ("RAPPORT_MAIL__IN_HAND", "RAPPORT_DELIVERY__MAX_LEASED"),
        ("RAPPORT_MAIL__ATTEMPTS", "RAPPORT_DELIVERY__MAX_ATTEMPTS"),
    ],
)
def test_a_renamed_setting_is_refused_with_its_new_name(
    environment: pytest.MonkeyPatch, old: str, new: str
) -> None:
    environment.setenv(old, "7")
    with pytest.raises(SettingsError, match=f"{old} is now {new}"):
        load(Settings)
    environment.delenv(old)
    environment.setenv(new, "7")
    load(Settings)


def test_time_zones_that_exist_are_taken_and_so_are_our_own(
    environment: pytest.MonkeyPatch,
) -> None:
    assert load(Settings).centre.time_zones == dict(ZONES)
    environment.setenv(TIME_ZONES, json.dumps({"en": "America/New_York"}))
    assert load(Settings).centre.time_zones == {"en": "America/New_York"}
