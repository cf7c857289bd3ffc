"""Every span, each with a sentence; `docs/telemetry.md` is made from it."""

from shared.observability.kinds import SpanName

SERVER = SpanName("http.server", "One request; on the wire `METHOD route`.", "api")
CONSUME = SpanName(
    "consumer.batch", "One batch in one transaction; linked to every record's span.", "worker"
)
PROCESS = SpanName(
    "consumer.process", "One record of a batch; child of the span that sent it.", "worker"
)
RELAY = SpanName(
    "relay.batch", "One round of the relay; linked to the spans that caused it.", "worker"
)
PUBLISH = SpanName(
    "relay.publish", "One event on its way to the broker; child of its cause.", "worker"
)
RECEIVE = SpanName(
    "intake.receive", "One mail on its way in, from its bytes to its commit.", "intake api"
)
STORE = SpanName(
    "store", "One group commit; linked to the span of all that shares it.", "intake api"
)
DECIDE = SpanName("decide", "One decision over all contacts that wait.", "routing worker")
SEND = SpanName("delivery.send", "One message handed to an outside provider.", "intake worker")
TIMER = SpanName(
    "timer.batch",
    "Due timers claimed and acted on in one transaction; linked to the span that set each.",
    "intake worker, routing worker, followup worker",
)
ACT = SpanName(
    "timer.act",
    "What one due timer does; child of the span that set it.",
    "intake worker, routing worker, followup worker",
)

SPANS = tuple(value for value in tuple(vars().values()) if isinstance(value, SpanName))
