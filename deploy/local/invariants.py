"""What must be true of Rapport at rest, whatever happened before. Each rule says what breaks it.

The rules read evidence (`deploy/local/evidence.py`), never a service's own counters. Words as in the
analyses of distributed systems: lost, doubled, out of order, never seen.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deploy.local.evidence import Evidence, Held, gather, without_repeats
from deploy.local.platform import Addresses
from shared.contracts.topics import INBOX

OURS = "rapport/"
ENDLESS = datetime.max.replace(tzinfo=UTC)
NONE = {"limit": 0, "daily_budget": 0}
"""What somebody may give who was given no authority."""
BROUGHT = ("rapport.contact.received.v1", "rapport.message.received.v1")
"""What intake publishes about each thing that it stored."""
# Each of these is published once for what it is about: the field that says what that is.
ONCE = {
    "rapport.customer.identified.v1": "customer_id",
    "rapport.contact.received.v1": "contact_id",
    "rapport.contact.expired.v1": "contact_id",
    "rapport.message.received.v1": "message_id",
    "rapport.message.sent.v1": "message_id",
    "rapport.promise.settled.v1": "promise_id",
    "rapport.offer.made.v1": "offer_id",
    "rapport.offer.closed.v1": "offer_id",
    "rapport.assignment.started.v1": "assignment_id",
    "rapport.assignment.ended.v1": "assignment_id",
    "rapport.action.taken.v1": "action_id",
    "rapport.resolution.claimed.v1": "resolution_id",
    "rapport.message.requested.v1": "message_id",
    "rapport.check_in.sent.v1": "check_in_id",
    "rapport.check_in.answered.v1": "check_in_id",
    "rapport.resolution.confirmed.v1": "resolution_id",
    "rapport.resolution.refuted.v1": "resolution_id",
    "rapport.resolution.unrefuted.v1": "resolution_id",
}


@dataclass(frozen=True)
class Finding:
    """A rule that is broken, and how."""

    rule: str
    detail: str


Rule = Callable[[Evidence], Iterator[str]]


def every_event_is_published(evidence: Evidence) -> Iterator[str]:
    """Lost: a row of an outbox that is in no topic."""
    published = {one.id for one in evidence.published}
    for service in ("intake", "routing", "followup", "analytics"):
        outbox = evidence.column(service, "outbox", "event_id")
        yield from _some(f"in the outbox of {service}, in no topic", outbox - published)


def nothing_is_published_that_was_rolled_back(evidence: Evidence) -> Iterator[str]:
    """Seen though rolled back: an event of ours that no outbox holds."""
    for service in ("intake", "routing", "followup", "analytics"):
        published = {one.id for one in evidence.published if one.source == OURS + service}
        outbox = evidence.column(service, "outbox", "event_id")
        yield from _some(f"published by {service}, in no outbox", published - outbox)


def nothing_is_published_twice(evidence: Evidence) -> Iterator[str]:
    """Doubled: two events, not one event delivered twice, about what happens once."""
    for type_, field in ONCE.items():
        about = Counter(
            str(one.data[field]) for one in without_repeats(evidence.by_type.get(type_, ()))
        )
        yield from _some(f"{type_} twice", {what for what, n in about.items() if n > 1})


def events_of_an_aggregate_are_in_order(evidence: Evidence) -> Iterator[str]:
    """Out of order, or a gap: `seq` rises in each topic and misses no number over all of them."""
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    last: dict[tuple[str, str, str], int] = {}
    for one in without_repeats(evidence.published):
        if one.source.startswith(OURS):
            numbers[one.source, one.subject].append(one.seq)
            place = (one.source, one.subject, one.topic)
            if one.seq <= last.get(place, 0):
                yield f"{one.type} {one.seq} of {one.subject} stands after {last[place]}"
            last[place] = one.seq
    for (source, subject), seqs in numbers.items():
        if sorted(seqs) != list(range(1, len(seqs) + 1)):
            yield f"{source} published {subject} as {sorted(seqs)}"


def every_contact_is_known_everywhere(evidence: Evidence) -> Iterator[str]:
    """Never seen: a contact, claim or message that a service should know and does not."""
    contacts = evidence.column("intake", "contacts", "contact_id")
    for service, name in (
        ("routing", "contacts"),
        ("followup", "contacts"),
        ("analytics", "facts"),
    ):
        known = evidence.column(service, name, "contact_id")
        yield from _some(f"contact unknown to {service}", contacts - known)
        yield from _some(f"contact known to {service} alone", known - contacts)
    claimed = evidence.column("routing", "resolutions", "resolution_id")
    asked = evidence.column("followup", "check_ins", "resolution_id")
    yield from _some("claimed, but followup has no check-in", claimed ^ asked)
    written = evidence.column("intake", "written", "message_id")
    wanted = evidence.column("routing", "replies", "message_id")
    wanted |= evidence.column("followup", "check_ins", "message_id")
    yield from _some("written, but intake does not deliver it", wanted - written)


def both_sides_agree_on_what_the_customer_said(evidence: Evidence) -> Iterator[str]:
    """Torn: a resolution settled by followup and not so in routing."""
    states = {
        str(row["resolution_id"]): row["state"] for row in evidence.of("followup", "check_ins")
    }
    for row in evidence.of("routing", "resolutions"):
        settled = states.get(str(row["resolution_id"]))
        if settled in ("confirmed", "refuted", "unrefuted") and settled != row["settled"]:
            yield f"{row['resolution_id']}: followup {settled}, routing {row['settled']}"


def nobody_is_above_capacity(evidence: Evidence) -> Iterator[str]:
    """At no moment does an agent hold more on a channel than the channel has slots."""
    room = {(row["agent_id"], row["channel"]): row["n"] for row in evidence.of("routing", "slots")}
    held: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for row in evidence.of("routing", "offers"):
        place = (row["agent_id"], row["channel"])
        held[place].append(Held(str(row["offer_id"]), row["made_at"], row["ended_at"]))
    for place, holdings in held.items():
        if (most := _most_at_once(holdings)) > room.get(place, 0):
            yield f"{place[0]} held {most} by {place[1]}, has room for {room.get(place, 0)}"


def no_contact_is_held_twice(evidence: Evidence) -> Iterator[str]:
    """At no moment is a contact offered to or worked on by two agents."""
    held: dict[str, list[Held]] = defaultdict(list)
    for row in evidence.of("routing", "offers"):
        held[str(row["contact_id"])].append(Held(row["agent_id"], row["made_at"], row["ended_at"]))
    for contact, holdings in held.items():
        if _most_at_once(holdings) > 1:
            yield f"{contact} was held by {', '.join(one.who for one in holdings)} at once"


def nobody_is_above_authority(evidence: Evidence) -> Iterator[str]:
    """Offers, actions and days stay within what the agents were given."""
    given = {
        (row["agent_id"], one["kind"], one["currency"]): one
        for row in evidence.of("routing", "agents")
        for one in row["authorities"]
    }
    for row in evidence.of("routing", "offers"):
        power = given.get((row["agent_id"], row["need_kind"], row["need_currency"]), NONE)
        if (row["need_amount"] or 0) > power["limit"]:
            yield f"offer {row['offer_id']} needs more than {row['agent_id']} may give"
    spent: Counter[tuple[str, ...]] = Counter()
    for row in evidence.of("routing", "actions"):
        power = given.get((row["agent_id"], row["kind"], row["currency"]), NONE)
        if row["amount"] > power["limit"]:
            yield f"action {row['action_id']} is above what {row['agent_id']} may give"
        day = (row["agent_id"], row["kind"], row["currency"], str(row["day"]))
        spent[day] += row["amount"]
    for row in evidence.of("routing", "days"):
        day = (row["agent_id"], row["kind"], row["currency"], str(row["day"]))
        power = given.get(day[:3], NONE)
        if row["spent"] != spent.pop(day, 0) or row["spent"] > power["daily_budget"]:
            yield f"{' '.join(day)}: the ledger's day does not add up"
    yield from _some("spent without a day", {" ".join(day) for day in spent})


def the_ledger_is_what_was_published(evidence: Evidence) -> Iterator[str]:
    """Every action is published, and none that was not spent."""
    acted = without_repeats(evidence.by_type.get("rapport.action.taken.v1", ()))
    published = {str(one.data["action_id"]): one.data["amount"] for one in acted}
    held = {str(row["action_id"]): row["amount"] for row in evidence.of("routing", "actions")}
    yield from _some(
        "ledger and events differ", {one for one, _ in published.items() ^ held.items()}
    )


def what_came_in_adds_up(evidence: Evidence) -> Iterator[str]:
    """What is counted as stored or quarantined is really there, and what is stored is published."""
    stored = {row["channel"]: row["n"] for row in evidence.of("intake", "stored")}
    aside = {row["channel"]: row["n"] for row in evidence.of("intake", "quarantined")}
    events = without_repeats(one for type_ in BROUGHT for one in evidence.by_type.get(type_, ()))
    published = Counter(one.data["channel"] for one in events)
    for row in evidence.of("intake", "tally"):
        channel = row["channel"]
        counted = (row["stored"], row["quarantined"])
        there = (stored.pop(channel, 0), aside.pop(channel, 0))
        if published[channel] != row["stored"]:
            yield f"{channel}: counted {row['stored']} as stored, published {published[channel]}"
        if counted != there:
            yield f"{channel}: counted (stored, quarantined) {counted}, there are {there}"
    yield from _some("stored or quarantined without being counted", {*stored, *aside})


def what_publishers_sent_is_accounted_for(evidence: Evidence) -> Iterator[str]:
    """Passed over: a record on the inbox that is not stored, not quarantined and not known as a repeat."""
    sent = {
        f"{one.topic}/{one.partition}/{one.offset}"
        for one in evidence.published
        if one.topic == INBOX.name
    }
    known = evidence.column("intake", "inbox", "origin")
    yield from _some("sent to the inbox and passed over", sent - known)


def figures_are_what_happened(evidence: Evidence) -> Iterator[str]:
    """Analytics counts the contacts that intake has, by channel."""
    counted = {row["channel"]: row["n"] for row in evidence.of("analytics", "contacts")}
    there = Counter(row["channel"] for row in evidence.of("intake", "contacts"))
    yield from _some("contacts counted and there", {
        f"{channel} {counted.get(channel, 0)}/{there[channel]}"
        for channel in {*counted, *there}
        if counted.get(channel, 0) != there[channel]
    })  # fmt: skip


def nothing_is_left_lying(evidence: Evidence) -> Iterator[str]:
    """At rest no outbox holds what is not published, and no dead letter waits for a person."""
    for service in ("intake", "routing", "followup", "analytics"):
        for row in evidence.of(service, "unpublished"):
            if row["n"]:
                yield f"{service} has {row['n']} events that are not published"
    if evidence.dead_letters:
        yield f"{evidence.dead_letters} dead letters"


RULES: tuple[Rule, ...] = (
    every_event_is_published,
    nothing_is_published_that_was_rolled_back,
    nothing_is_published_twice,
    events_of_an_aggregate_are_in_order,
    every_contact_is_known_everywhere,
    both_sides_agree_on_what_the_customer_said,
    nobody_is_above_capacity,
    no_contact_is_held_twice,
    nobody_is_above_authority,
    the_ledger_is_what_was_published,
    what_came_in_adds_up,
    what_publishers_sent_is_accounted_for,
    figures_are_what_happened,
    nothing_is_left_lying,
)


def judge(evidence: Evidence, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """Every way in which the evidence breaks a rule; empty is what we want."""
    return [Finding(rule.__name__, detail) for rule in rules for detail in rule(evidence)]


async def check(where: Addresses) -> list[Finding]:
    """Gather the evidence of a platform at rest and judge it."""
    return judge(await gather(where))


def _some(what: str, those: set[str]) -> Iterator[str]:
    if those:
        yield f"{what}: {len(those)}, such as {', '.join(sorted(those)[:3])}"


def _most_at_once(holdings: Sequence[Held]) -> int:
    """The most that were held at one moment; who leaves at a moment makes room at that moment."""
    moves = [(one.start, 1) for one in holdings] + [(one.end or ENDLESS, -1) for one in holdings]
    most = now = 0
    for _moment, step in sorted(moves):
        now += step
        most = max(most, now)
    return most
