"""Answer a question: every figure of every period, each with its definition, version and n."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from services.analytics.adapters import store
from services.analytics.domain.definitions import DEFINITIONS, Definition, Unit
from services.analytics.domain.formulas import Value
from services.analytics.domain.periods import Span
from shared.database.database import Tx


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. A value is null where `n` is 0: nothing was counted, so nothing is said."""

    definition: str
    version: int
    unit: Unit
    n: int
    values: dict[str, Value]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of the contacts received in [start, end), by definition id."""

    start: datetime
    end: datetime
    figures: dict[str, Figure]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The periods, and the time of the newest event that is counted in them."""

    as_of: datetime | None
    periods: list[Period]


async def figures(
    tx: Tx, span: Span, *, queue_id: str | None = None, channel: str | None = None
) -> Answer:
    """Every figure of every period, also where nothing happened."""
    sums = await store.sums_by_period(tx, span.cuts, queue_id=queue_id, channel=channel)
    periods = [
        Period(start=start, end=end, figures=_figures(of_period))
        for (start, end), of_period in zip(span.periods(), sums, strict=True)
    ]
    return Answer(as_of=await store.newest_event(tx), periods=periods)


def _figures(sums: Mapping[str, Mapping[str, int]]) -> dict[str, Figure]:
    return {definition.id: _figure(definition, sums) for definition in DEFINITIONS}


def _figure(definition: Definition, sums: Mapping[str, Mapping[str, int]]) -> Figure:
    result = definition.compute(sums.get(definition.measure.__name__, {}))
    return Figure(
        definition=definition.id,
        version=definition.version,
        unit=definition.unit,
        n=result.n,
        values=result.values,
    )
