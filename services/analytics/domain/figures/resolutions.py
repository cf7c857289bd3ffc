"""What became of claimed resolutions, and how many took one agent's turn."""

from collections.abc import Iterator
from uuid import UUID

from services.analytics.domain.facts import CONFIRMED, REFUTED, UNREFUTED, Claim, Fact
from services.analytics.domain.figures.definition import OPEN, Definition, Part, measure
from services.analytics.domain.figures.formulas import covered_share, parts
from shared.contracts.routing import QueuedReason

OUTCOMES = (CONFIRMED, REFUTED, UNREFUTED, OPEN)
_AFTER = (
    "what a customer writes after a claim neither confirms nor refutes it: an agent reads it, and 'still"
    " open' refutes, 'nothing new' leaves the claim as it is; a refuted contact that is queued again and a"
    " later claim refute one that is not settled"
)
_ONE_TURN = {outcome: f"one_turn {outcome}" for outcome in OUTCOMES}
_FIRST = {outcome: (f"one_turn {outcome}", f"more_turns {outcome}") for outcome in OUTCOMES}
_ANSWERED_FIRST = (*_FIRST["confirmed"], *_FIRST["refuted"])
_SETTLED_FIRST = (*_ANSWERED_FIRST, *_FIRST["unrefuted"])
_CLAIMED_FIRST = (*_SETTLED_FIRST, *_FIRST["open"])


@measure("first_claim")
def first_claim(fact: Fact) -> Iterator[Part]:
    """What became of the first claimed resolution, and whether `one_turn` or `more_turns` led to it."""
    first = next((item for item in fact.claims.items() if item[1].number == 1), None)
    if first is None:
        yield "none", 1
    else:
        resolution_id, claim = first
        turn = "one_turn" if claim.assignments == 1 else "more_turns"
        yield f"{turn} {_outcome_of_claim(fact, resolution_id)}", 1


@measure("claims")
def claims(fact: Fact) -> Iterator[Part]:
    """Each claimed resolution by what became of it."""
    for resolution_id in fact.claims:
        yield _outcome_of_claim(fact, resolution_id), 1


def _outcome_of_claim(fact: Fact, resolution_id: UUID) -> str:
    """How it was settled; until then, refuted if work on it began again.

    A customer who wrote again is no such beginning: it takes an agent's word, which settles it.
    """
    settled = fact.resolutions.get(resolution_id)
    if settled:
        return settled.outcome
    return REFUTED if _reopened(fact, fact.claims[resolution_id]) else OPEN


def _reopened(fact: Fact, claim: Claim) -> bool:
    """Whether work on the contact began again after the claim."""
    return any(later.number > claim.number for later in fact.claims.values()) or any(
        entry.reason == QueuedReason.REOPENED and entry.at >= claim.at for entry in fact.queued
    )


DEFINITIONS = (
    Definition(
        id="fcr_claimed",
        version=1,
        title="First-contact resolution, claimed",
        sentence="Of the contacts an agent calls resolved, the share that took one agent's turn.",
        formula="first claims after one turn ÷ first claims; a turn is one assignment, and the first"
        " claim of a contact has no reopening before it; coverage: first claims ÷ contacts",
        unit="share",
        measure=first_claim,
        compute=covered_share(
            tuple(_ONE_TURN.values()), of=_CLAIMED_FIRST, coverage_of=(*_CLAIMED_FIRST, "none")
        ),
    ),
    Definition(
        id="fcr_unrefuted",
        version=2,
        title="First-contact resolution, unrefuted",
        sentence="Of the first claims that are settled, the share after one turn that no customer denied:"
        " they said yes or said nothing. Silence counts here, and only here.",
        formula=f"first claims after one turn, settled and not refuted ÷ settled first claims; {_AFTER};"
        " coverage: settled ÷ first claims",
        unit="share",
        measure=first_claim,
        compute=covered_share(
            (_ONE_TURN["confirmed"], _ONE_TURN["unrefuted"]),
            of=_SETTLED_FIRST,
            coverage_of=_CLAIMED_FIRST,
        ),
    ),
    Definition(
        id="fcr_confirmed",
        version=2,
        title="First-contact resolution, confirmed",
        sentence="Of the first claims on which the customer spoke, the share after one turn that they"
        " confirmed in their own words.",
        formula="first claims after one turn that were confirmed ÷ first claims confirmed or refuted;"
        f" {_AFTER}; coverage: confirmed or refuted ÷ first claims",
        unit="share",
        measure=first_claim,
        compute=covered_share(
            (_ONE_TURN["confirmed"],), of=_ANSWERED_FIRST, coverage_of=_CLAIMED_FIRST
        ),
    ),
    Definition(
        id="resolutions",
        version=2,
        title="Resolutions",
        sentence="What became of each claimed resolution.",
        formula=f"each claim once, by the latest word on it; {_AFTER}; open: nothing of this has happened",
        unit="count",
        measure=claims,
        compute=parts(*OUTCOMES),
    ),
)
