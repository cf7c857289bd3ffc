"""docs/telemetry.md: every readiness check, metric, span and attribute, from where they are named."""

from collections.abc import Iterator

from shared.observability.attributes import ATTRIBUTES
from shared.observability.names import METRICS
from shared.observability.span_names import SPANS
from tools import readiness

INTRODUCTION = """\
**Logs** are lines of JSON on standard output. **Metrics** are at `/metrics` of each process's operators'
address (`RAPPORT_OPS__HOST`, `RAPPORT_OPS__PORT`), beside `/livez` and `/readyz`; `make demo` prints these
addresses, and so does `make up`. **Traces** go to a collector by OTLP over HTTP:

    make demo OTLP=http://localhost:4318

`make up` takes the same. Elsewhere `RAPPORT_TELEMETRY__OTLP_ENDPOINT` names the collector, and
`RAPPORT_TELEMETRY__SAMPLE_RATIO` the share of traces that are recorded; whether one is, is decided where
it begins. A trace begins where a customer's words come in (a mail, a request, an event; the last two may
bring one along) and goes on through outbox, broker and timers to the figures. One transaction may take
work of many traces: its span is a trace of its own, linked to each, and each has its own span beside it.

*By* says which processes say it: those of a service, of a role, or both; in brackets which of its parts a
worker must have for that, where an operator runs them apart (`worker --parts`). What Python and the process
itself tell (`python_*`, `process_*`) is there as well, and nothing else. No name, address, number or text
of a person is in logs, spans, labels, Kafka keys or the headers of dead letters.
"""


def page() -> str:
    """The reference page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("# Telemetry", "", "Made by `python -m tools.generate`.", "", INTRODUCTION)
    yield readiness.section()
    yield from (
        "## Metrics",
        "",
        "| Metric | Kind | Labels | By | Meaning |",
        "|---|---|---|---|---|",
    )
    for m in METRICS:
        by = f"{m.by} ({', '.join(m.parts)})" if m.parts else m.by
        yield f"| `{m.name}` | {m.kind} | {', '.join(m.labels)} | {by} | {m.help} |"
    yield from ("", "## Spans", "", "| Span | By | Meaning |", "|---|---|---|")
    yield from (f"| `{s.name}` | {s.by} | {s.help} |" for s in SPANS)
    yield from ("", "## Span attributes", "", "No other is recorded.", "")
    yield from ("| Attribute | Meaning |", "|---|---|")
    yield from (f"| `{a.name}` | {a.help} |" for a in ATTRIBUTES)
