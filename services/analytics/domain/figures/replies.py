"""Whether what agents wrote reached its provider."""

from collections.abc import Iterator

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import OPEN, Definition, Part, measure
from services.analytics.domain.figures.formulas import parts


@measure("replies")
def replies(fact: Fact) -> Iterator[Part]:
    """Each reply that an agent wrote: `sent`, `failed`, or still `open`."""
    for message_id in fact.replies | fact.replies_sent.keys() | fact.replies_failed:
        sent, failed = message_id in fact.replies_sent, message_id in fact.replies_failed
        yield ("failed" if failed else "sent" if sent else OPEN), 1


DEFINITIONS = (
    Definition(
        id="replies",
        version=1,
        title="Replies",
        sentence="Whether what agents wrote reached the provider that delivers it.",
        formula="each reply once: sent, failed for good, or open",
        unit="count",
        measure=replies,
        compute=parts("sent", "failed", "open"),
    ),
)
