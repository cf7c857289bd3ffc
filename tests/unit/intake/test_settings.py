"""What intake is told wrongly it refuses at its start, and not at its first customer."""

import pytest
from pydantic import ValidationError

from services.intake.settings import ZONES, CentreSettings


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "/etc/passwd", "../UTC"])
def test_a_time_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError):
        CentreSettings(time_zones={"en": zone})


def test_the_zones_it_brings_along_are_known() -> None:
    assert CentreSettings(time_zones=ZONES).time_zones == ZONES
