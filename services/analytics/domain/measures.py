"""What one contact adds to the sums.

A measure sorts a contact, or each thing of one kind on it, into labelled buckets; the second value
is how much it adds there. A measure looks at one fact alone, and at no clock.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from services.analytics.domain.buckets import bucket_of
from services.analytics.domain.facts import Claim, Fact, Queued
from services.analytics.domain.observing import CONFIRMED, REFUTED, UNREFUTED
from shared.contracts.routing import AssignmentOutcome, QueuedReason

OPEN = "open"
ACTIONS = "actions"
OUTCOMES = (CONFIRMED, REFUTED, UNREFUTED, OPEN)
Measure = Callable[[Fact], Iterator[tuple[str, int]]]


def contacts(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each contact once: `received` from a person, or `automatic`."""
    if fact.received:
        yield "automatic" if fact.received.automatic else "received", 1


def time_to_assignment(fact: Fact) -> Iterator[tuple[str, int]]:
    """From the first word to the first agent who took the contact."""
    if fact.received and fact.assigned:
        yield _duration(fact.received.at, min(fact.assigned.values()))


def first_response(fact: Fact) -> Iterator[tuple[str, int]]:
    """From the first word to the first reply of a person that the provider took over."""
    if fact.received and fact.replies_sent:
        yield _duration(fact.received.at, min(fact.replies_sent.values()))


def wait(fact: Fact) -> Iterator[tuple[str, int]]:
    """From the first queue to the first agent who took the contact."""
    if fact.queued and fact.assigned:
        yield _duration(min(fact.queued).at, min(fact.assigned.values()))


def first_wait(fact: Fact) -> Iterator[tuple[str, int]]:
    """How the wait in the first queue ended (answered, moved, waiting), and whether in time."""
    if fact.queued:
        entry, *later = sorted(fact.queued)
        answered = min(fact.assigned.values(), default=None)
        moved = later[0].at if later else None
        yield _end_of_wait(entry, answered, moved), 1


def promises(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each promise by its outcome, or `open`."""
    for promise_id in fact.promised | fact.promises.keys():
        ending = fact.promises.get(promise_id)
        yield (ending.outcome if ending else OPEN), 1


def replies(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each reply that an agent wrote: `sent`, `failed`, or still `open`."""
    for message_id in fact.replies | fact.replies_sent.keys() | fact.replies_failed:
        sent, failed = message_id in fact.replies_sent, message_id in fact.replies_failed
        yield ("failed" if failed else "sent" if sent else OPEN), 1


def turns(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each contact that an agent took: `escalated` at least once, or solved by those it `stayed` with."""
    escalated = any(entry.reason == QueuedReason.ESCALATED for entry in fact.queued) or any(
        ending.outcome == AssignmentOutcome.ESCALATED for ending in fact.ended.values()
    )
    if fact.assigned:
        yield "escalated" if escalated else "stayed", 1


def first_claim(fact: Fact) -> Iterator[tuple[str, int]]:
    """What became of the first claimed resolution, and whether `one_turn` or `more_turns` led to it."""
    first = next((item for item in fact.claims.items() if item[1].number == 1), None)
    if first is None:
        yield "none", 1
    else:
        resolution_id, claim = first
        turn = "one_turn" if claim.assignments == 1 else "more_turns"
        yield f"{turn} {_outcome_of_claim(fact, resolution_id)}", 1


def claims(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each claimed resolution by what became of it."""
    for resolution_id in fact.claims:
        yield _outcome_of_claim(fact, resolution_id), 1


def check_ins(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each claimed resolution by how far asking the customer about it came."""
    for resolution_id in fact.claims:
        yield _asking(fact, resolution_id), 1


def csat(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each score that a customer gave."""
    for answer in fact.answers.values():
        if answer.csat:
            yield str(answer.csat), 1


def authority(fact: Fact) -> Iterator[tuple[str, int]]:
    """Each time an agent used authority: `within` the limit, `beyond` it (never), or `refused`."""
    for action in fact.actions.values():
        yield ("within" if action.amount <= action.limit else "beyond"), 1
    yield from (("refused", 1) for _ in fact.refusals)


def spent(fact: Fact) -> Iterator[tuple[str, int]]:
    """Minor units granted, by kind and currency, and how many actions granted them."""
    for action in fact.actions.values():
        yield ACTIONS, 1
        yield f"{action.kind} {action.currency}", action.amount


def _duration(start: datetime, end: datetime) -> tuple[str, int]:
    return str(bucket_of((end - start).total_seconds())), 1


def _end_of_wait(entry: Queued, answered: datetime | None, moved: datetime | None) -> str:
    ends = [(at, how) for at, how in ((answered, "answered"), (moved, "moved")) if at]
    if not ends:
        return "waiting"
    at, how = min(ends)
    in_time = at - entry.at <= timedelta(seconds=entry.target_seconds)
    return f"{how} {'in_time' if in_time else 'late'}"


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


def _asking(fact: Fact, resolution_id: UUID) -> str:
    if resolution_id in fact.answers:
        return "answered"
    if resolution_id in fact.skipped:
        return f"skipped {fact.skipped[resolution_id].outcome}"
    if resolution_id in fact.asked:
        return "asked"
    return "scheduled" if resolution_id in fact.scheduled else "undecided"
