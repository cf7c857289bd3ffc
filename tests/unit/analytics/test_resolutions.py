"""Golden figures: what was claimed, what the customer said, and how well it was meant."""

import pytest

from services.analytics.domain.figures.registry import DEFINITIONS
from services.analytics.domain.rollups import contributions
from shared.contracts.followup import SkippedReason
from shared.contracts.intake import PromiseOutcome
from shared.contracts.routing import AssignmentOutcome, QueuedReason, ResolutionClaimed
from tests.support.life import Life
from tests.unit.analytics.figures import contact, figure, taken
from tests.unit.analytics.histories import fact_of


@pytest.fixture
def claims() -> list[Life]:
    """Six first claims (confirmed, refuted, silent, open; two turns confirmed; came back) and none."""
    lives = [taken(seed) for seed in range(1, 8)]
    two_turns = lives[4]
    two_turns.queued("orders", QueuedReason.TRANSFERRED)
    two_turns.assigned()
    first = [life.later(60).claimed() for life in lives[:6]]
    lives[0].answered(first[0], solved=True, csat=5)
    lives[1].answered(first[1], solved=False, csat=1)
    lives[2].unrefuted(first[2])
    lives[4].answered(first[4], solved=True, csat=3)
    lives[5].later(60).queued("billing", QueuedReason.REOPENED)
    return lives


def test_fcr_claimed_is_what_agents_say(claims: list[Life]) -> None:
    result = figure("fcr_claimed", *claims)
    assert (result.n, result.values) == (6, {"share": 5 / 6, "coverage": 6 / 7})


def test_fcr_unrefuted_is_what_nobody_denied(claims: list[Life]) -> None:
    """Settled: confirmed, refuted, silent, two turns, came back. One turn and not denied: two."""
    result = figure("fcr_unrefuted", *claims)
    assert (result.n, result.values) == (5, {"share": 2 / 5, "coverage": 5 / 6})


def test_fcr_confirmed_is_what_customers_say(claims: list[Life]) -> None:
    result = figure("fcr_confirmed", *claims)
    assert (result.n, result.values) == (4, {"share": 1 / 4, "coverage": 4 / 6})


def test_a_second_claim_never_makes_a_first_contact_resolution() -> None:
    life = taken(1)
    life.refuted(life.claimed())
    life.later(60).queued("billing", QueuedReason.REOPENED)
    life.later(60).assigned()
    life.confirmed(life.later(60).claimed())
    assert figure("fcr_confirmed", life).values == {"share": 0.0, "coverage": 1.0}
    assert figure("resolutions", life).values == {
        "confirmed": 1,
        "refuted": 1,
        "unrefuted": 0,
        "open": 0,
    }


def test_a_customer_who_wrote_again_neither_confirms_nor_refutes() -> None:
    thanks, still_open, later_claim = (taken(seed) for seed in range(1, 4))
    for life in (thanks, still_open, later_claim):
        first = life.later(60).claimed()
        life.later(60).queued("billing", QueuedReason.WROTE_AGAIN)
        life.later(60).assigned()
        if life is still_open:
            life.later(60).refuted(first)
        if life is later_claim:
            life.later(60).claimed()
    settled = {"confirmed": 0, "unrefuted": 0}
    assert figure("resolutions", thanks).values == {**settled, "refuted": 0, "open": 1}
    assert figure("resolutions", still_open).values == {**settled, "refuted": 1, "open": 0}
    assert figure("resolutions", later_claim).values == {**settled, "refuted": 1, "open": 1}
    unrefuted = figure("fcr_unrefuted", thanks, still_open)
    assert (unrefuted.n, unrefuted.values) == (1, {"share": 0.0, "coverage": 1 / 2})
    confirmed = figure("fcr_confirmed", thanks, still_open)
    assert (confirmed.n, confirmed.values) == (1, {"share": 0.0, "coverage": 1 / 2})


def test_thanks_that_were_nothing_new_are_confirmed_when_the_customer_says_so() -> None:
    life = taken(1)
    claimed = life.later(60).claimed()
    life.later(60).queued("billing", QueuedReason.WROTE_AGAIN)
    life.ended(life.later(60).assigned(), AssignmentOutcome.NOTHING_NEW)
    life.later(3_600).answered(claimed, solved=True, csat=5)
    assert figure("fcr_confirmed", life).values == {"share": 1.0, "coverage": 1.0}


def test_figures_that_changed_their_meaning_have_a_new_version() -> None:
    versions = {each.id: each.version for each in DEFINITIONS if each.version > 1}
    assert versions == {"fcr_unrefuted": 2, "fcr_confirmed": 2, "resolutions": 2}


def test_the_latest_word_about_a_resolution_stands() -> None:
    life = taken(1)
    resolution_id = life.claimed()
    life.later(60).unrefuted(resolution_id)
    life.later(60).refuted(resolution_id)
    assert figure("resolutions", life).values["refuted"] == 1


def test_promises_are_counted_by_outcome_and_the_rate_over_those_that_came_due() -> None:
    lives = [Life(seed) for seed in range(7)]
    promised = [life.received() for life in lives]
    outcomes = [*PromiseOutcome, PromiseOutcome.KEPT]
    for life, promise_id, outcome in zip(lives, promised, outcomes, strict=False):
        life.promise(promise_id, outcome)
    result = figure("promises", *lives)
    assert result.n == 7
    assert result.values == {
        "beaten": 1,
        "kept": 2,
        "broken": 1,
        "renegotiated": 1,
        "void": 1,
        "open": 1,
    }
    rate = figure("promises_kept", *lives)
    assert (rate.n, rate.values) == (4, {"share": 3 / 4})


def test_a_contact_is_escalated_once_however_often_it_was() -> None:
    life = taken(1)
    life.ended(life.assigned(), AssignmentOutcome.ESCALATED)
    life.queued("managers", QueuedReason.ESCALATED)
    life.ended(life.assigned(), AssignmentOutcome.ESCALATED)
    result = figure("escalation_rate", life, taken(2), taken(3), contact(4))
    assert (result.n, result.values) == (3, {"share": 1 / 3})


def test_authority_use_tells_what_was_granted_from_what_was_refused() -> None:
    life = taken(1)
    life.action(5_000, limit=5_000)
    life.action(300, limit=5_000, currency="MNT")
    life.refused()
    life.refused()
    result = figure("authority_use", life)
    assert (result.n, result.values) == (4, {"within": 2, "beyond": 0, "refused": 2})
    spent = figure("authority_spent", life)
    assert (spent.n, spent.values) == (2, {"refund_EUR": 5_000, "refund_MNT": 300})


def test_csat_is_shown_as_top_two_and_as_a_mean() -> None:
    lives = [taken(seed) for seed in range(5)]
    for life, score in zip(lives, (5, 4, 3, 1, None), strict=True):
        life.answered(life.claimed(), solved=True, csat=score)
    top, mean = figure("csat_top2", *lives), figure("csat_mean", *lives)
    assert (top.n, top.values) == (4, {"share": 2 / 4})
    assert (mean.n, mean.values) == (4, {"mean": 13 / 4})


def test_every_claim_is_somewhere_in_the_check_in_coverage() -> None:
    lives = [taken(seed) for seed in range(6)]
    ids = [life.claimed() for life in lives]
    lives[0].check_in_sent(ids[0])
    lives[0].answered(ids[0], solved=True)
    lives[1].check_in_sent(ids[1])
    lives[2].check_in_scheduled(ids[2])
    lives[3].check_in_skipped(ids[3], SkippedReason.REOPENED)
    lives[4].check_in_sent(ids[4])
    lives[4].check_in_skipped(ids[4], SkippedReason.UNDELIVERABLE)
    result = figure("check_ins", *lives)
    counted = {name: n for name, n in result.values.items() if n}
    assert result.n == 6
    assert counted == {
        "answered": 1,
        "asked": 1,
        "scheduled": 1,
        "skipped_reopened": 1,
        "skipped_undeliverable": 1,
        "undecided": 1,
    }


@pytest.mark.parametrize("definition_id", [definition.id for definition in DEFINITIONS])
def test_where_nothing_was_counted_nothing_is_said(definition_id: str) -> None:
    result = figure(definition_id)
    assert result.n == 0
    assert set(result.values.values()) <= {None}


def test_automatic_mail_is_in_no_figure_but_the_number_of_contacts() -> None:
    life = contact(1, automatic=True)
    life.queued()
    life.assigned()
    assert {measure for *_, measure, _ in contributions(fact_of(life))} == {"contacts"}


def test_until_the_first_claim_is_known_a_later_one_does_not_stand_in_for_it() -> None:
    life = taken(1)
    life.claimed()
    life.claimed()
    first = next(event for event in life.events if isinstance(event, ResolutionClaimed))
    life.events.remove(first)
    assert figure("fcr_claimed", life).n == 0
