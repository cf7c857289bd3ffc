"""Asking for one figure over some lives, without a database."""

from services.analytics.domain.figures.formulas import Result
from services.analytics.domain.figures.registry import DEFINITIONS
from services.analytics.domain.rollups import contributions
from tests.support.life import Life
from tests.unit.analytics.histories import fact_of


def figure(definition_id: str, *lives: Life) -> Result:
    """The figure with this id when nothing but these lives was ever consumed."""
    definition = next(known for known in DEFINITIONS if known.id == definition_id)
    sums: dict[str, int] = {}
    for life in lives:
        for (*_, measure, bucket), n in contributions(fact_of(life)).items():
            if measure == definition.measure.id:
                sums[bucket] = sums.get(bucket, 0) + n
    return definition.compute(sums)


def near(seconds: float) -> tuple[float, float]:
    """The bounds in which a duration read from a bucket must lie."""
    return seconds * 0.99, seconds * 1.01


def contact(seed: int, **received: object) -> Life:
    """A contact that was received and queued in one moment."""
    life = Life(seed)
    life.received(**received)  # type: ignore[arg-type]  # passed on as they are
    if not received.get("automatic"):
        life.queued()
    return life


def taken(seed: int, after: float = 10) -> Life:
    """A contact that an agent took after so many seconds."""
    life = contact(seed)
    life.later(after).assigned()
    return life
