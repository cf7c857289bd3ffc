"""Settings of routing that had another name before."""

import pytest

from services.routing.settings import Settings
from shared.settings import SettingsError, load


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RAPPORT_PER_LANE", "RAPPORT_PER_GROUP"),
        ("RAPPORT_KAFKA__LANES", "RAPPORT_KAFKA__GROUP_MEMBERS"),
    ],
)
def test_a_renamed_variable_is_refused_with_its_new_name(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.setenv(old, "5")
    with pytest.raises(SettingsError, match=f"{old} is now {new}"):
        load(Settings)
