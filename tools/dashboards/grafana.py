"""A dashboard of Grafana: rows of panels, each a question with its unit, all of one form."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

ACROSS, HEIGHT = 24, 8
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""Whoever looks chooses it: no installation's own id is written down."""
VARIABLES = [{"name": "datasource", "type": "datasource", "query": "prometheus"}]

Json = dict[str, Any]


class Panel(NamedTuple):
    """What it shows, in which unit of Grafana's, and its queries by their legends.

    `kind`: a course of time, or the number as it is now.
    """

    title: str
    unit: str
    queries: Mapping[str, str]
    kind: str = "timeseries"


class Row(NamedTuple):
    """Panels that answer one question together; at most four, side by side."""

    title: str
    panels: Sequence[Panel]


def dashboard(title: str, rows: Sequence[Row]) -> str:
    """As Grafana reads it from a file."""
    made = {
        "title": title,
        "tags": ["rapport"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": VARIABLES},
        "panels": [*_panels(rows)],
    }
    return json.dumps(made, indent=1) + "\n"


def _panels(rows: Sequence[Row]) -> Iterator[Json]:
    ids = count(1)
    for place, row in enumerate(rows):
        top = place * (HEIGHT + 1)
        at = {"x": 0, "y": top, "w": ACROSS, "h": 1}
        yield {"id": next(ids), "type": "row", "title": row.title, "gridPos": at, "panels": []}
        width = ACROSS // len(row.panels)
        for column, panel in enumerate(row.panels):
            at = {"x": column * width, "y": top + 1, "w": width, "h": HEIGHT}
            yield {"id": next(ids), "gridPos": at, **_panel(panel)}


def _panel(panel: Panel) -> Json:
    targets = [
        {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend}
        for place, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }
