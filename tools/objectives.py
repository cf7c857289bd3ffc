"""What customers are owed, and the alerts on how fast the room for failure is used up.

Each is a line of a table: from it come the share that failed, over each window, and two alerts. Fast burns
wake somebody, slow ones make a ticket; the pairs of windows are those of the SRE workbook of Google,
chapter "Alerting on SLOs". The short window of a pair ends the alert soon after its cause is gone.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tools.manifests import Json, documents

SOURCE = "tools/objectives.py"
DAYS = 30
LEAST_FAILED = 10
"""Where hardly anybody comes one failure is a large share: fewer in the long window alarm nobody."""


class Objective(NamedTuple):
    """What part of `total` is to be `good` in thirty days, in percent; both are counters, in PromQL.

    `otherwise` says what a burn means, in a sentence without its end; `urgent`: a fast one wakes somebody.
    """

    name: str
    alert: str
    percent: float
    total: str
    good: str
    otherwise: str
    urgent: bool = True

    @property
    def room(self) -> float:
        """The share that may fail."""
        return round(1 - self.percent / 100, 6)

    @property
    def series(self) -> str:
        """What the names of its recorded series begin with."""
        return f"rapport:{self.name.replace('-', '_')}"


class Burn(NamedTuple):
    """How many times too fast the room is used up, seen over a long and a short window."""

    factor: float
    long: str
    short: str


FAST = (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))
SLOW = (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))
LONG = tuple(burn.long for burn in (*FAST, *SLOW))
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

OBJECTIVES = (
    Objective(
        "intake-availability",
        "IntakeRefuses",
        99.9,
        'rapport_http_requests_total{service="intake",status!="429"}',
        'rapport_http_requests_total{service="intake",status!~"429|5.."}',
        "Intake fails",
    ),
    Objective(
        "intake-latency",
        "IntakeSlow",
        99,
        'rapport_http_request_seconds_count{service="intake",method="POST",route="/v1/contacts"}',
        "rapport_http_request_seconds_bucket"
        '{service="intake",method="POST",route="/v1/contacts",le="0.3"}',
        "A contact takes intake more than 0.3 seconds",
    ),
    Objective(
        "time-to-offer",
        "OffersLate",
        99,
        "rapport_time_to_offer_seconds_count",
        'rapport_time_to_offer_seconds_bucket{le="2.0"}',
        "A contact waits for more than 2 seconds beside an agent who could take it",
    ),
    Objective(
        "time-to-a-person",
        "PromisesBroken",
        95,
        'rapport_promises_settled_total{outcome=~"beaten|kept|broken"}',
        'rapport_promises_settled_total{outcome=~"beaten|kept"}',
        "A customer hears from a person later than promised",
    ),
    Objective(
        "freshness",
        "FiguresLate",
        99,
        "rapport_figures_delay_seconds_count",
        'rapport_figures_delay_seconds_bucket{le="5.0"}',
        "What happens is counted more than 5 seconds later",
        urgent=False,
    ),
)


def rules() -> str:
    """All of it as a PrometheusRule."""
    groups = [{"name": each.name, "rules": [*_rules(each)]} for each in OBJECTIVES]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "objectives"},
        "spec": {"groups": groups},
    }
    return documents(SOURCE, [resource])


def _rules(objective: Objective) -> Iterator[Json]:
    for window in WINDOWS:
        good, total = _sum(objective.good, "rate", window), _sum(objective.total, "rate", window)
        share = f"1 - ({good} or vector(0))\n/ {total}\n"
        yield {"record": f"{objective.series}:failed_ratio_rate{window}", "expr": share}
    for window in LONG:
        good, total = (_sum(each, "increase", window) for each in (objective.good, objective.total))
        number = f"{total}\n- ({good} or vector(0))\n"
        yield {"record": f"{objective.series}:failed_increase{window}", "expr": number}
    yield from _alerts(objective)


def _alerts(objective: Objective) -> Iterator[Json]:
    allowed = f"more often than {objective.percent} % of {DAYS} days allow"
    if objective.urgent:
        fast = f"so often that what is allowed in {DAYS} days is used up within days"
        yield _alert(objective, FAST, "page", fast)
        yield _alert(objective, SLOW, "ticket", allowed)
    else:
        yield _alert(objective, (*FAST, *SLOW), "ticket", allowed)


def _sum(counter: str, function: str, window: str) -> str:
    return f"sum({function}({counter}[{window}]))"


def _alert(objective: Objective, burns: Sequence[Burn], severity: str, how_often: str) -> Json:
    return {
        "alert": objective.alert,
        "expr": "or ".join(_burning(objective, burn) for burn in burns),
        "labels": {"severity": severity, "objective": objective.name},
        "annotations": {"summary": f"{objective.otherwise} {how_often}."},
    }


def _burning(objective: Objective, burn: Burn) -> str:
    ratio, limit = f"{objective.series}:failed_ratio_rate", f"{burn.factor} * {objective.room}"
    return (
        f"({ratio}{burn.long} > {limit}\n"
        f"  and {ratio}{burn.short} > {limit}\n"
        f"  and {objective.series}:failed_increase{burn.long} >= {LEAST_FAILED})\n"
    )
