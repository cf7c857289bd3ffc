"""Panels that ask the same of many metrics, in PromQL. `among` are matchers, `by` is the label whose values get a line each."""

from tools.dashboards.grafana import Panel

RATE = "$__rate_interval"
"""Grafana's: four times as long as between two looks, or longer where a point stands for more."""


def per_second(title: str, counter: str, by: str, among: str = "") -> Panel:
    """How many in a second."""
    query = f"sum by ({by}) (rate({counter}{{{among}}}[{RATE}]))"
    return Panel(title, "ops", {_legend(by): query})


def quantiles(title: str, histogram: str, among: str = "") -> Panel:
    """The seconds that half of them, and 99 of a hundred, stay below."""
    rates = f"sum by (le) (rate({histogram}_bucket{{{among}}}[{RATE}]))"
    queries = {f"{share:.0%}": f"histogram_quantile({share}, {rates})" for share in (0.5, 0.99)}
    return Panel(title, "s", queries)


def slowest(title: str, histogram: str, by: str, among: str = "") -> Panel:
    """The seconds that 99 of a hundred stay below."""
    rates = f"sum by (le, {by}) (rate({histogram}_bucket{{{among}}}[{RATE}]))"
    return Panel(title, "s", {_legend(by): f"histogram_quantile(0.99, {rates})"})


def most(title: str, unit: str, gauge: str, by: str, among: str = "") -> Panel:
    """The most that any process says, where each says the same."""
    return Panel(title, unit, {_legend(by): f"max by ({by}) ({gauge}{{{among}}})"})


def together(title: str, gauge: str, by: str, among: str = "") -> Panel:
    """What all processes say together, without what one of them does not know (NaN)."""
    return Panel(title, "short", {_legend(by): f"sum by ({by}) ({gauge}{{{among}}} >= 0)"})


def _legend(label: str) -> str:
    return f"{{{{{label}}}}}"
