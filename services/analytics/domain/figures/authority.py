"""How far agents could go on their own, and what they granted."""

from collections.abc import Iterator

from services.analytics.domain.facts import Fact
from services.analytics.domain.figures.definition import Definition, Part, measure
from services.analytics.domain.figures.formulas import ACTIONS, amounts, parts, share
from shared.contracts.routing import AssignmentOutcome, QueuedReason


@measure("turns")
def turns(fact: Fact) -> Iterator[Part]:
    """Each contact that an agent took: `escalated` at least once, or solved by those it `stayed` with."""
    escalated = any(entry.reason == QueuedReason.ESCALATED for entry in fact.queued) or any(
        ending.outcome == AssignmentOutcome.ESCALATED for ending in fact.ended.values()
    )
    if fact.assigned:
        yield "escalated" if escalated else "stayed", 1


@measure("authority")
def authority(fact: Fact) -> Iterator[Part]:
    """Each time an agent used authority: `within` the limit, `beyond` it (never), or `refused`."""
    for action in fact.actions.values():
        yield ("within" if action.amount <= action.limit else "beyond"), 1
    yield from (("refused", 1) for _ in fact.refusals)


@measure("spent")
def spent(fact: Fact) -> Iterator[Part]:
    """Minor units granted, by kind and currency, and how many actions granted them."""
    for action in fact.actions.values():
        yield ACTIONS, 1
        yield f"{action.kind} {action.currency}", action.amount


DEFINITIONS = (
    Definition(
        id="escalation_rate",
        version=1,
        title="Escalation rate",
        sentence="Of the contacts an agent took, the share that had to go to somebody above.",
        formula="contacts escalated at least once ÷ contacts ever assigned",
        unit="share",
        measure=turns,
        compute=share(("escalated",), of=("escalated", "stayed")),
    ),
    Definition(
        id="authority_use",
        version=1,
        title="Authority use",
        sentence="How often agents solved a need with their own authority, and how often it was too small.",
        formula="within: actions up to the agent's limit; beyond: actions above it (always 0);"
        " refused: attempts that were not allowed",
        unit="count",
        measure=authority,
        compute=parts("within", "beyond", "refused"),
    ),
    Definition(
        id="authority_spent",
        version=1,
        title="Authority spent",
        sentence="What agents granted, by kind and currency.",
        formula="sum of the actions' amounts per kind and currency; n: actions",
        unit="minor units",
        measure=spent,
        compute=amounts,
    ),
)
