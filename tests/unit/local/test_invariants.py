"""The checker finds each kind of fault that is planted, and nothing where there is none."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from deploy.local.evidence import Evidence, Published
from deploy.local.invariants import RULES, judge

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SERVICES = ("intake", "routing", "followup", "analytics")
REFUND = {"kind": "refund", "currency": "EUR", "limit": 1_000, "daily_budget": 2_000}
Rows = dict[tuple[str, str], list[dict[str, Any]]]


def event(type_: str, source: str, seq: int, id_: str, **data: Any) -> Published:
    topic = {"intake": "rapport.contacts", "routing": "rapport.assignments"}[source]
    return Published(
        topic, 0, seq, id_, f"rapport.{type_}.v1", f"rapport/{source}", "contact-1", seq, data
    )


def a_whole_contact() -> list[Published]:
    """The events of one contact that went through everything."""
    return [
        event("contact.received", "intake", 1, "e1", contact_id="contact-1", channel="email"),
        event("offer.made", "routing", 1, "e2", offer_id="offer-1"),
        event("assignment.started", "routing", 2, "e3", assignment_id="offer-1"),
        event("action.taken", "routing", 3, "e4", action_id="action-1", amount=500),
        event("resolution.claimed", "routing", 4, "e5", resolution_id="resolution-1"),
    ]


class World:
    """One contact that went through everything; a test breaks it in one place."""

    def __init__(self) -> None:
        self.dead_letters = 0
        self.published = a_whole_contact()
        self.rows: Rows = {(service, "unpublished"): [{"n": 0}] for service in SERVICES}
        self.rows |= {
            ("intake", "outbox"): [{"event_id": "e1"}],
            ("routing", "outbox"): [{"event_id": f"e{n}"} for n in (2, 3, 4, 5)],
            ("intake", "contacts"): [{"contact_id": "contact-1", "channel": "email"}],
            ("intake", "written"): [{"message_id": "reply-1", "state": "sent"}],
            ("intake", "stored"): [{"channel": "email", "n": 1}],
            ("intake", "quarantined"): [{"channel": "email", "n": 1}],
            ("intake", "tally"): [
                {"channel": "email", "received": 3, "stored": 1, "quarantined": 1, "deduplicated": 1}
            ],
            ("routing", "contacts"): [{"contact_id": "contact-1"}],
            ("routing", "offers"): [self.offer("offer-1")],
            ("routing", "slots"): [{"agent_id": "agent-1", "channel": "email", "n": 1}],
            ("routing", "agents"): [{"agent_id": "agent-1", "authorities": [dict(REFUND)]}],
            ("routing", "actions"): [self.action("action-1", 500)],
            ("routing", "days"): [
                {
                    "agent_id": "agent-1", "kind": "refund", "currency": "EUR",
                    "day": date(2026, 1, 15), "spent": 500, "budget": 2_000,
                }
            ],
            ("routing", "resolutions"): [{"resolution_id": "resolution-1", "settled": "confirmed"}],
            ("routing", "replies"): [{"message_id": "reply-1"}],
            ("followup", "contacts"): [{"contact_id": "contact-1"}],
            ("followup", "check_ins"): [
                {"resolution_id": "resolution-1", "state": "confirmed", "message_id": None}
            ],
            ("analytics", "facts"): [{"contact_id": "contact-1"}],
            ("analytics", "contacts"): [{"channel": "email", "n": 1}],
        }  # fmt: skip

    @staticmethod
    def offer(offer_id: str, *, minutes: int = 0, **changed: Any) -> dict[str, Any]:
        made = NOON + timedelta(minutes=minutes)
        offer: dict[str, Any] = {
            "offer_id": offer_id,
            "contact_id": "contact-1",
            "agent_id": "agent-1",
            "channel": "email",
            "made_at": made,
            "ended_at": made + timedelta(minutes=10),
            "need_kind": "refund",
            "need_amount": 500,
            "need_currency": "EUR",
        }
        return offer | changed

    @staticmethod
    def action(action_id: str, amount: int) -> dict[str, Any]:
        return {
            "action_id": action_id,
            "agent_id": "agent-1",
            "kind": "refund",
            "amount": amount,
            "currency": "EUR",
            "action_limit": 1_000,
            "day": date(2026, 1, 15),
        }

    def evidence(self) -> Evidence:
        rows = {key: tuple(rows) for key, rows in self.rows.items()}
        return Evidence(tuple(self.published), self.dead_letters, rows)


def lose_an_event(world: World) -> None:
    world.published.pop()


def publish_what_was_rolled_back(world: World) -> None:
    world.published.append(event("offer.closed", "routing", 5, "ghost", offer_id="offer-2"))


def publish_twice(world: World) -> None:
    world.published.append(event("offer.made", "routing", 5, "e6", offer_id="offer-1"))
    world.rows["routing", "outbox"].append({"event_id": "e6"})


def swap_two(world: World) -> None:
    world.published[2], world.published[3] = world.published[3], world.published[2]


def skip_a_number(world: World) -> None:
    world.published[4] = world.published[4]._replace(seq=9)


def forget_a_contact(world: World) -> None:
    world.rows["routing", "contacts"] = []


def lose_a_reply(world: World) -> None:
    world.rows["intake", "written"] = []


def disagree(world: World) -> None:
    world.rows["routing", "resolutions"][0]["settled"] = None


def overload(world: World) -> None:
    world.rows["routing", "offers"].append(World.offer("offer-2", minutes=5, contact_id="other"))


def assign_twice(world: World) -> None:
    world.rows["routing", "offers"].append(World.offer("offer-2", minutes=5, agent_id="agent-2"))


def overspend(world: World) -> None:
    world.rows["routing", "actions"][0]["amount"] = 1_500


def offer_beyond_authority(world: World) -> None:
    world.rows["routing", "offers"][0]["need_amount"] = 2_000


def offer_to_who_has_no_authority(world: World) -> None:
    world.rows["routing", "agents"][0]["authorities"] = []


def overspend_the_day(world: World) -> None:
    world.rows["routing", "agents"][0]["authorities"][0]["daily_budget"] = 400


def miscount_the_day(world: World) -> None:
    world.rows["routing", "days"][0]["spent"] = 400


def spend_silently(world: World) -> None:
    world.rows["routing", "actions"].append(World.action("action-2", 100))
    world.rows["routing", "days"][0]["spent"] = 600


def lose_on_the_way_in(world: World) -> None:
    world.rows["intake", "stored"] = []


def miscount_on_the_way_in(world: World) -> None:
    world.rows["intake", "tally"][0] |= {"received": 4, "stored": 2}


def store_silently(world: World) -> None:
    world.rows["intake", "stored"][0]["n"] = 2
    world.rows["intake", "tally"][0] |= {"received": 4, "stored": 2}


def pass_a_record_over(world: World) -> None:
    world.published.append(
        world.published[0]._replace(topic="rapport.inbox", source="shop", offset=2)
    )


def miscount_contacts(world: World) -> None:
    world.rows["analytics", "contacts"][0]["n"] = 2


def leave_unpublished(world: World) -> None:
    world.rows["followup", "unpublished"] = [{"n": 1}]


def leave_a_dead_letter(world: World) -> None:
    world.dead_letters = 1


FAULTS: dict[Callable[[World], None], str] = {
    lose_an_event: "every_event_is_published",
    publish_what_was_rolled_back: "nothing_is_published_that_was_rolled_back",
    publish_twice: "nothing_is_published_twice",
    swap_two: "events_of_an_aggregate_are_in_order",
    skip_a_number: "events_of_an_aggregate_are_in_order",
    forget_a_contact: "every_contact_is_known_everywhere",
    lose_a_reply: "every_contact_is_known_everywhere",
    disagree: "both_sides_agree_on_what_the_customer_said",
    overload: "nobody_is_above_capacity",
    assign_twice: "no_contact_is_held_twice",
    overspend: "nobody_is_above_authority",
    offer_beyond_authority: "nobody_is_above_authority",
    offer_to_who_has_no_authority: "nobody_is_above_authority",
    overspend_the_day: "nobody_is_above_authority",
    miscount_the_day: "nobody_is_above_authority",
    spend_silently: "the_ledger_is_what_was_published",
    lose_on_the_way_in: "what_came_in_adds_up",
    miscount_on_the_way_in: "what_came_in_adds_up",
    store_silently: "what_came_in_adds_up",
    pass_a_record_over: "what_publishers_sent_is_accounted_for",
    miscount_contacts: "figures_are_what_happened",
    leave_unpublished: "nothing_is_left_lying",
    leave_a_dead_letter: "nothing_is_left_lying",
}


def test_a_healthy_world_breaks_no_rule() -> None:
    assert judge(World().evidence()) == []


@pytest.mark.parametrize(
    ("plant", "rule"), FAULTS.items(), ids=lambda one: getattr(one, "__name__", one)
)
def test_a_planted_fault_is_found(plant: Callable[[World], None], rule: str) -> None:
    world = World()
    plant(world)
    assert rule in {finding.rule for finding in judge(world.evidence())}


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule.__name__ for rule in RULES} == set(FAULTS.values())


def test_an_event_delivered_twice_is_one_event() -> None:
    world = World()
    world.published.append(world.published[0]._replace(offset=99))
    assert judge(world.evidence()) == []


def test_who_leaves_makes_room_at_once() -> None:
    world = World()
    world.rows["routing", "offers"].append(World.offer("offer-2", minutes=10))
    assert judge(world.evidence()) == []
