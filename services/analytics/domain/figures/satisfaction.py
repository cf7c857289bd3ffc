"""Whether we asked customers, and what they answered."""

from collections.abc import Iterator
from uuid import UUID

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import Definition, Part, measure
from services.analytics.domain.figures.formulas import mean, parts, top_two
from shared.contracts.followup import SkippedReason

_SKIPPED = tuple(f"skipped {reason.value}" for reason in SkippedReason)


@measure("csat")
def csat(fact: Fact) -> Iterator[Part]:
    """Each score that a customer gave."""
    for answer in fact.answers.values():
        if answer.csat:
            yield str(answer.csat), 1


@measure("check_ins")
def check_ins(fact: Fact) -> Iterator[Part]:
    """Each claimed resolution by how far asking the customer about it came."""
    for resolution_id in fact.claims:
        yield _asking(fact, resolution_id), 1


def _asking(fact: Fact, resolution_id: UUID) -> str:
    if resolution_id in fact.answers:
        return "answered"
    if resolution_id in fact.skipped:
        return f"skipped {fact.skipped[resolution_id].outcome}"
    if resolution_id in fact.asked:
        return "asked"
    return "scheduled" if resolution_id in fact.scheduled else "undecided"


DEFINITIONS = (
    Definition(
        id="csat_top2",
        version=1,
        title="Satisfaction, top two",
        sentence="Of the scores customers gave, the share that is 4 or 5.",
        formula="scores of 4 and 5 ÷ all scores; a 3 is in the denominator; the latest answer to a"
        " check-in counts",
        unit="share",
        measure=csat,
        compute=top_two,
    ),
    Definition(
        id="csat_mean",
        version=1,
        title="Satisfaction, mean",
        sentence="The mean of the scores customers gave.",
        formula="sum of scores ÷ number of scores",
        unit="score 1 to 5",
        measure=csat,
        compute=mean,
    ),
    Definition(
        id="check_ins",
        version=1,
        title="Check-in coverage",
        sentence="For each claimed resolution: did we ask the customer, did they answer, and if we did not"
        " ask, why.",
        formula="each claim once: answered; asked, no answer so far; scheduled; skipped, by reason;"
        " undecided: nothing is known yet",
        unit="count",
        measure=check_ins,
        compute=parts("answered", "asked", "scheduled", *_SKIPPED, "undecided"),
    ),
)
