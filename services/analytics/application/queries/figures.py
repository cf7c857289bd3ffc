"""The figures of every period, each with its definition, version and n."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from services.analytics.adapters.db import rollups, watermarks
from services.analytics.domain.calendar_periods import Span
from services.analytics.domain.figures.definition import Definition, Unit
from services.analytics.domain.figures.formulas import Value
from shared.database.database import Tx


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. A value is null where `n` is 0: nothing was counted, so nothing is said."""

    definition: str
    version: int
    unit: Unit
    n: int
    values: dict[str, Value]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the contacts received in [start, end), by definition id."""

    start: datetime
    end: datetime
    figures: dict[str, Figure]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The periods, and the time of the newest event that is counted in them."""

    as_of: datetime | None
    periods: list[Period]


async def read_figures(
    tx: Tx,
    span: Span,
    definitions: Sequence[Definition],
    *,
    queue_id: str | None = None,
    channel: str | None = None,
) -> Figures:
    """These figures of every period, also where nothing happened; only their sums are read."""
    measures = sorted({definition.measure.id for definition in definitions})
    as_of = await watermarks.newest_event(tx)  # first, so that the sums reach at least as far
    sums = await rollups.sums_by_period(tx, span.cuts, measures, queue_id=queue_id, channel=channel)
    periods = [
        Period(start=start, end=end, figures=_figures(definitions, of_period))
        for (start, end), of_period in zip(span.periods(), sums, strict=True)
    ]
    return Figures(as_of=as_of, periods=periods)


def _figures(
    definitions: Sequence[Definition], sums: Mapping[str, Mapping[str, int]]
) -> dict[str, Figure]:
    return {definition.id: _figure(definition, sums) for definition in definitions}


def _figure(definition: Definition, sums: Mapping[str, Mapping[str, int]]) -> Figure:
    result = definition.compute(sums.get(definition.measure.id, {}))
    return Figure(
        definition=definition.id,
        version=definition.version,
        unit=definition.unit,
        n=result.n,
        values=result.values,
    )
