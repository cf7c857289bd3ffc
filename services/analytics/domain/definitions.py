"""Every figure as data: what it says, how it is computed, and from which measure.

Changing what a figure means is a new `version`. A measure never changes what it counts: it gets a
new name, and a recount fills it from the facts.
"""

from typing import Literal

import msgspec

from services.analytics.domain import measures
from services.analytics.domain.formulas import (
    Formula,
    amounts,
    covered_share,
    mean,
    parts,
    percentiles,
    share,
    top_two,
)
from services.analytics.domain.measures import Measure
from shared.contracts.followup import SkippedReason

Unit = Literal["count", "seconds", "share", "score 1 to 5", "minor units"]
RECEIVED = "event time: everything counts in the quarter of an hour the contact was received in"
FROM_RECEIVED = f"{RECEIVED}; runs from received_at, round the clock"
PEOPLE = "contacts from people; automatic mail is left out"


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `measure` sorts each contact into buckets; `compute` reads the sums of these."""

    id: str
    version: int
    title: str
    sentence: str
    formula: str
    unit: Unit
    measure: Measure
    compute: Formula
    filters: str = PEOPLE
    clock: str = RECEIVED


_ONE_TURN = {outcome: f"one_turn {outcome}" for outcome in measures.OUTCOMES}
_FIRST = {
    outcome: (f"one_turn {outcome}", f"more_turns {outcome}") for outcome in measures.OUTCOMES
}
_ANSWERED_FIRST = (*_FIRST["confirmed"], *_FIRST["refuted"])
_SETTLED_FIRST = (*_ANSWERED_FIRST, *_FIRST["unrefuted"])
_CLAIMED_FIRST = (*_SETTLED_FIRST, *_FIRST["open"])
_SKIPPED = tuple(f"skipped {reason.value}" for reason in SkippedReason)

DEFINITIONS = (
    Definition(
        id="contacts",
        version=1,
        title="Contacts",
        sentence="How many needs people brought to us, and how many automatic mails came beside them.",
        formula="received: contacts from people; automatic: mail that is stored and never answered",
        unit="count",
        measure=measures.contacts,
        compute=parts("received", "automatic"),
        filters="none",
    ),
    Definition(
        id="time_to_assignment",
        version=1,
        title="Time to assignment",
        sentence="How long people waited from their first word until an agent took their contact.",
        formula="first assignment started − received, per contact that was ever assigned; p50, p95, p99",
        unit="seconds",
        measure=measures.time_to_assignment,
        compute=percentiles,
        clock=FROM_RECEIVED,
    ),
    Definition(
        id="first_response",
        version=1,
        title="Time to first response",
        sentence="How long people waited for the first reply a person wrote to them.",
        formula="first reply taken over by its provider − received, per contact with such a reply;"
        " acknowledgements and check-ins are no replies; reopening does not restart it",
        unit="seconds",
        measure=measures.first_response,
        compute=percentiles,
        clock=FROM_RECEIVED,
    ),
    Definition(
        id="wait",
        version=1,
        title="Wait in the queue",
        sentence="How long a contact stood in line before an agent took it.",
        formula="first assignment started − first queued, per contact that was ever assigned",
        unit="seconds",
        measure=measures.wait,
        compute=percentiles,
        clock=f"{RECEIVED}; runs from the first queued_at, round the clock",
    ),
    Definition(
        id="service_level_answered",
        version=1,
        title="Service level, answered only",
        sentence="Of the contacts that were answered, the share answered within the queue's target.",
        formula="taken by an agent within the target ÷ taken by an agent; the target is the one the"
        " first queue had when the contact entered it",
        unit="share",
        measure=measures.first_wait,
        compute=share(("answered in_time",), of=("answered in_time", "answered late")),
        filters=f"{PEOPLE}; contacts that left the first queue otherwise, or still wait, are left out",
    ),
    Definition(
        id="service_level_removed",
        version=1,
        title="Service level, removed from queue",
        sentence="Of all contacts that were queued, the share that left the queue within its target.",
        formula="left the first queue within the target, to an agent or to another queue ÷ queued;"
        " who still waits is in the denominator, so the newest hours rise until their waits are over",
        unit="share",
        measure=measures.first_wait,
        compute=share(
            ("answered in_time", "moved in_time"),
            of=("answered in_time", "answered late", "moved in_time", "moved late", "waiting"),
        ),
    ),
    Definition(
        id="fcr_claimed",
        version=1,
        title="First-contact resolution, claimed",
        sentence="Of the contacts an agent calls resolved, the share that took one agent's turn.",
        formula="first claims after one turn ÷ first claims; a turn is one assignment, and the first"
        " claim of a contact has no reopening before it; coverage: first claims ÷ contacts",
        unit="share",
        measure=measures.first_claim,
        compute=covered_share(
            tuple(_ONE_TURN.values()), of=_CLAIMED_FIRST, coverage_of=(*_CLAIMED_FIRST, "none")
        ),
    ),
    Definition(
        id="fcr_unrefuted",
        version=1,
        title="First-contact resolution, unrefuted",
        sentence="Of the first claims that are settled, the share after one turn that no customer denied:"
        " they said yes or said nothing. Silence counts here, and only here.",
        formula="first claims after one turn, settled and not refuted ÷ settled first claims; coming"
        " back before it is settled refutes; coverage: settled ÷ first claims",
        unit="share",
        measure=measures.first_claim,
        compute=covered_share(
            (_ONE_TURN["confirmed"], _ONE_TURN["unrefuted"]),
            of=_SETTLED_FIRST,
            coverage_of=_CLAIMED_FIRST,
        ),
    ),
    Definition(
        id="fcr_confirmed",
        version=1,
        title="First-contact resolution, confirmed",
        sentence="Of the first claims on which the customer spoke, the share after one turn that they"
        " confirmed in their own words.",
        formula="first claims after one turn that were confirmed ÷ first claims confirmed or refuted;"
        " coverage: confirmed or refuted ÷ first claims",
        unit="share",
        measure=measures.first_claim,
        compute=covered_share(
            (_ONE_TURN["confirmed"],), of=_ANSWERED_FIRST, coverage_of=_CLAIMED_FIRST
        ),
    ),
    Definition(
        id="resolutions",
        version=1,
        title="Resolutions",
        sentence="What became of each claimed resolution.",
        formula="each claim once, by the customer's latest word; open: its window has not closed",
        unit="count",
        measure=measures.claims,
        compute=parts(*measures.OUTCOMES),
    ),
    Definition(
        id="promises",
        version=1,
        title="Promises",
        sentence="What became of each stated time.",
        formula="each promise once, by its outcome; open: not settled yet",
        unit="count",
        measure=measures.promises,
        compute=parts("beaten", "kept", "broken", "renegotiated", "void", "open"),
    ),
    Definition(
        id="promises_kept",
        version=1,
        title="Promise-kept rate",
        sentence="Of the promises that came due, the share we kept or beat.",
        formula="(beaten + kept) ÷ (beaten + kept + broken); renegotiated, void and open promises are"
        " counted in `promises` and not here",
        unit="share",
        measure=measures.promises,
        compute=share(("beaten", "kept"), of=("beaten", "kept", "broken")),
    ),
    Definition(
        id="escalation_rate",
        version=1,
        title="Escalation rate",
        sentence="Of the contacts an agent took, the share that had to go to somebody above.",
        formula="contacts escalated at least once ÷ contacts ever assigned",
        unit="share",
        measure=measures.turns,
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
        measure=measures.authority,
        compute=parts("within", "beyond", "refused"),
    ),
    Definition(
        id="authority_spent",
        version=1,
        title="Authority spent",
        sentence="What agents granted, by kind and currency.",
        formula="sum of the actions' amounts per kind and currency; n: actions",
        unit="minor units",
        measure=measures.spent,
        compute=amounts,
    ),
    Definition(
        id="csat_top2",
        version=1,
        title="Satisfaction, top two",
        sentence="Of the scores customers gave, the share that is 4 or 5.",
        formula="scores of 4 and 5 ÷ all scores; a 3 is in the denominator; the latest answer to a"
        " check-in counts",
        unit="share",
        measure=measures.csat,
        compute=top_two,
    ),
    Definition(
        id="csat_mean",
        version=1,
        title="Satisfaction, mean",
        sentence="The mean of the scores customers gave.",
        formula="sum of scores ÷ number of scores",
        unit="score 1 to 5",
        measure=measures.csat,
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
        measure=measures.check_ins,
        compute=parts("answered", "asked", "scheduled", *_SKIPPED, "undecided"),
    ),
    Definition(
        id="replies",
        version=1,
        title="Replies",
        sentence="Whether what agents wrote reached the provider that delivers it.",
        formula="each reply once: sent, failed for good, or open",
        unit="count",
        measure=measures.replies,
        compute=parts("sent", "failed", "open"),
    ),
)
