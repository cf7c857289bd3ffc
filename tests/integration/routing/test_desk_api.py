"""An agent's desk over HTTP: what is offered, what is done, what is refused."""

from collections.abc import Awaitable, Sequence
from uuid import UUID

import httpx2
import pytest

from services.routing.entrypoints.api.contact_history import ContactWithHistory
from services.routing.entrypoints.api.desk import Desk
from shared.contracts.cloudevents import Outgoing
from shared.contracts.intake import MessagePersonal, MessageReceived, MessageSent
from shared.contracts.routing import (
    ActionRefused,
    ActionTaken,
    AssignmentEnded,
    ContactQueued,
    HelpStepRecorded,
    MessageRequested,
    QueuedReason,
)
from shared.contracts.values import Channel, MessageKind
from shared.database.database import Tx
from shared.kernel.ids import new_id
from shared.messaging.outbox import use_case
from shared.messaging.outbox.append import append
from tests.integration.routing.api import Api
from tests.integration.routing.world import REFUND, World, refund

REFUND_OF = {"kind": "refund", "currency": "EUR"}


async def test_the_desk_shows_an_offer_until_it_is_taken(world: World, api: Api) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive(need=None)
    await world.dispatch()
    desk = Desk.model_validate((await api.get("/v1/desk")).json())
    [offer] = desk.offers
    assert (offer.contact_id, offer.contact.name, offer.contact.messages) == (contact_id, "Ada", 1)
    taken = await api.post(f"/v1/offers/{offer.offer_id}/accept")
    assert taken.json() == {
        "offer_id": str(offer.offer_id),
        "contact_id": str(contact_id),
        "state": "accepted",
    }
    desk = Desk.model_validate((await api.get("/v1/desk")).json())
    assert desk.offers == []
    assert [each.assignment_id for each in desk.assignments] == [offer.offer_id]


async def test_the_whole_work_on_a_contact_is_in_its_history(world: World, api: Api) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned(need=refund(1_000))
    replied = await api.at(contact_id, "replies", {"text": "Gladly"})
    assert replied.status_code == 202
    message_id = UUID(replied.json()["message_id"])
    await world.consume(
        MessageSent(
            contact_id=contact_id,
            message_id=message_id,
            kind=MessageKind.REPLY,
            sent_at=world.clock.now(),
        )
    )
    step = await api.at(contact_id, "help-steps", {"step": "hear", "evidence": "read it all"})
    acted = await api.at(contact_id, "actions", {**REFUND_OF, "amount": 1_000}, key="one")
    assert (step.status_code, acted.status_code) == (201, 201)
    assert acted.json()["limit"] == 5_000
    resolved = await api.at(contact_id, "resolve", {"outcome": "solved"})
    assert (resolved.json()["state"], resolved.json()["number"]) == ("wrapping", 1)
    assert (await api.at(contact_id, "wrap-up")).status_code == 200
    found = ContactWithHistory.model_validate((await api.get(f"/v1/contacts/{contact_id}")).json())
    assert [(m.inbound, m.text, m.state) for m in found.messages] == [
        (True, "Please help", "received"),
        (False, "Gladly", "sent"),
    ]
    assert [o.state for o in found.offers] == ["resolved"]
    assert [s.evidence for s in found.help_steps] == ["read it all"]
    assert [a.amount for a in found.actions] == [1_000]
    assert [r.number for r in found.resolutions] == [1]
    assert found.need is not None
    assert found.state == "resolved"
    for kind in (MessageRequested, HelpStepRecorded, ActionTaken, AssignmentEnded):
        assert len(await world.published(kind)) == 1


async def test_a_long_history_comes_in_pages_the_newest_first(world: World, api: Api) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.assigned()
    for number in range(4):
        await api.at(contact_id, "replies", {"text": f"{number}"})
        world.clock.advance(1)
    pages, path = [], f"/v1/contacts/{contact_id}?limit=2"
    shown = ContactWithHistory.model_validate((await api.get(path)).json())
    pages.append([message.text for message in shown.messages])
    while shown.next is not None:
        answer = await api.get(f"{path}&before={shown.next}")
        shown = ContactWithHistory.model_validate(answer.json())
        pages.append([message.text for message in shown.messages])
    assert pages == [["2", "3"], ["0", "1"], ["Please help"]]
    elsewhere = await api.get(f"/v1/contacts/{contact_id}?before={contact_id}")
    assert elsewhere.json()["messages"] == []


async def test_what_belongs_to_another_agent_is_not_there(world: World, api: Api) -> None:
    await world.queue()
    await world.agent("ann")
    contact_id = await world.assigned()
    other = await world.receive()
    await world.agent("bob")
    await world.dispatch()
    theirs = (await world.offer_of(other))["offer_id"]
    assert (await api.get(f"/v1/contacts/{contact_id}", "bob")).status_code == 404
    assert (await api.get(f"/v1/contacts/{other}")).status_code == 404
    for answer in ("accept", "decline"):
        assert (await api.post(f"/v1/offers/{theirs}/{answer}")).status_code == 404
    for what, body in (
        ("replies", {"text": "x"}),
        ("help-steps", {"step": "hear"}),
        ("actions", {**REFUND_OF, "amount": 1}),
        ("transfer", {"queue_id": "general"}),
        ("escalate", {}),
        ("resolve", {"outcome": "solved"}),
        ("wrote-again", {"verdict": "still_open"}),
        ("wrap-up", {}),
    ):
        found = await api.at(contact_id, what, body, agent_id="bob", key=what)
        assert found.status_code == 404, what
    assert (await api.get("/v1/desk", "nobody")).status_code == 404


@pytest.mark.parametrize(
    ("amount", "reason", "why"),
    [
        (5_001, "over_limit", "5001 EUR were asked and one action may grant 3000 now"),
        (4_000, "over_budget", "4000 EUR were asked and 3000 are left today"),
    ],
)
async def test_an_action_beyond_authority_is_refused_with_the_way_out(
    world: World, api: Api, amount: int, reason: str, why: str
) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    await api.at(contact_id, "actions", {**REFUND_OF, "amount": 5_000}, key="one")
    refused = await api.at(contact_id, "actions", {**REFUND_OF, "amount": amount}, key="two")
    assert refused.status_code == 403
    assert refused.json()["facts"] == {
        "reason": reason,
        "limit": 3_000,
        "left_today": 3_000,
        "escalate": f"/v1/contacts/{contact_id}/escalate",
    }
    assert refused.json()["detail"] == (
        f"this is beyond your authority: {why}, in minor units such as cents; escalate instead"
    )
    [event] = await world.published(ActionRefused)
    assert (event.reason, event.amount) == (reason, amount)
    assert [row["spent"] for row in await world.rows("select spent from authority_day")] == [5_000]


async def test_what_one_action_may_grant_and_what_is_left_today_are_two_amounts(
    world: World, api: Api
) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    refused = await api.at(contact_id, "actions", {**REFUND_OF, "amount": 5_001}, key="one")
    facts = refused.json()["facts"]
    assert (facts["limit"], facts["left_today"]) == (REFUND.limit, REFUND.daily_budget)
    none = await api.at(
        contact_id, "actions", {**REFUND_OF, "kind": "credit", "amount": 1}, key="2"
    )
    assert none.json()["facts"]["reason"] == "no_authority"
    assert "you have none for a credit in EUR" in none.json()["detail"]


async def test_a_refund_asked_twice_with_one_key_is_spent_once(world: World, api: Api) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    body = {**REFUND_OF, "amount": 3_000}
    first = await api.at(contact_id, "actions", body, key="once")
    again = await api.at(contact_id, "actions", body, key="once")
    other = await api.at(contact_id, "actions", {**body, "amount": 1}, key="once")
    assert first.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert [row["amount"] for row in await world.rows("select amount from action")] == [3_000]


async def test_a_response_is_stored_before_its_events_are_appended(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    stored = list[int]()

    async def append_after_looking(tx: Tx, source: str, outgoing: Sequence[Outgoing]) -> None:
        stored.append(await tx.fetchval("select count(*) from idempotency_keys"))
        await append(tx, source, outgoing)

    monkeypatch.setattr(use_case, "append", append_after_looking)
    await api.at(contact_id, "actions", {**REFUND_OF, "amount": 3_000}, key="once")
    assert stored == [1]
    assert len(await world.published(ActionTaken)) == 1


async def test_a_refund_without_a_key_is_refused_and_nothing_is_spent(
    world: World, api: Api
) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    body = {**REFUND_OF, "amount": 3_000}
    refused = [await api.at(contact_id, "actions", body) for _ in range(2)]
    assert [each.status_code for each in refused] == [422, 422]
    assert refused[0].headers["content-type"] == "application/problem+json"
    [wrong] = refused[0].json()["errors"]
    assert (wrong["in"], wrong["pointer"]) == ("header", "/Idempotency-Key")
    assert await world.rows("select amount from action") == []


async def test_a_key_of_yesterday_may_pay_for_something_new(world: World, api: Api) -> None:
    await world.queue()
    await world.agent(authorities=(REFUND,))
    contact_id = await world.assigned()
    body = {**REFUND_OF, "amount": 1_000}
    for hours in (0, 23, 2):
        world.clock.advance(hours * 3_600)
        assert (await api.at(contact_id, "actions", body, key="daily")).status_code == 201
    assert [row["amount"] for row in await world.rows("select amount from action")] == [1_000] * 2


async def test_the_document_says_that_an_action_takes_a_key(api: Api) -> None:
    document = (await api.client.get("/openapi.json")).json()
    paths = document["paths"]
    required = {
        path.rpartition("/")[2]
        for path, methods in paths.items()
        for each in methods.get("post", {}).get("parameters", [])
        if each["name"] == "Idempotency-Key" and each["required"]
    }
    assert required == {"actions"}


async def test_a_transferred_contact_goes_to_the_other_queue_and_not_back_at_once(
    world: World, api: Api
) -> None:
    await world.queue("general")
    await world.queue("care", topics=(), rank=20)
    await world.agent("ann")
    contact_id = await world.assigned()
    await world.agent("bob")
    handed = await api.at(contact_id, "transfer", {"queue_id": "care", "note": "kind soul"})
    assert handed.json() == {"contact_id": str(contact_id), "state": "waiting", "queue_id": "care"}
    await world.dispatch()
    assert (await world.offer_of(contact_id))["agent_id"] == "bob"
    history = (await api.get(f"/v1/contacts/{contact_id}", "bob")).json()
    assert [note["text"] for note in history["notes"]] == ["kind soul"]
    gone = await api.at(contact_id, "replies", {"text": "x"})
    assert gone.status_code == 409


async def test_an_escalated_contact_goes_to_who_may_and_never_back(world: World, api: Api) -> None:
    await world.queue()
    await world.agent("ann", authorities=(REFUND,))
    contact_id = await world.assigned()
    need = {**REFUND_OF, "amount": 20_000}
    assert (await api.at(contact_id, "escalate", {"need": need})).status_code == 200
    assert (await world.dispatch()).offered == 0
    big = type(REFUND)(kind=REFUND.kind, limit=50_000, daily_budget=90_000, currency="EUR")
    await world.agent("boss", authorities=(big,))
    await world.dispatch()
    offer = await world.offer_of(contact_id)
    assert (offer["agent_id"], offer["authority_limit"]) == ("boss", 50_000)
    queued = await world.rows("select queue_id, need_amount from contact")
    assert [tuple(row) for row in queued] == [("general", 20_000)]
    assert QueuedReason.ESCALATED in [each.reason for each in await world.published(ContactQueued)]


async def test_an_agent_says_over_http_what_the_customer_wrote_after_the_claim(
    world: World, api: Api
) -> None:
    await world.queue()
    await world.agent()
    contact_id, _ = await world.resolved()
    not_yet = await api.at(contact_id, "wrote-again", {"verdict": "nothing_new"})
    assert not_yet.status_code == 409
    again = MessageReceived(
        contact_id=contact_id,
        message_id=new_id(),
        channel=Channel.EMAIL,
        received_at=world.clock.now(),
        personal=MessagePersonal(text="Thank you!"),
    )
    await world.consume(again)
    await world.dispatch()
    [offer] = Desk.model_validate((await api.get("/v1/desk")).json()).offers
    assert (offer.contact.wrote_again, offer.contact.precedence) == (True, False)
    await api.post(f"/v1/offers/{offer.offer_id}/accept")
    unknown = await api.at(contact_id, "wrote-again", {"verdict": "thanks"})
    assert unknown.status_code == 422
    reviewed = await api.at(contact_id, "wrote-again", {"verdict": "nothing_new"})
    assert reviewed.json() == {
        "contact_id": str(contact_id),
        "state": "resolved",
        "queue_id": "general",
    }
    found = ContactWithHistory.model_validate((await api.get(f"/v1/contacts/{contact_id}")).json())
    assert (found.wrote_again, found.offers[-1].state) == (False, "nothing_new")


async def test_a_step_that_comes_too_early_or_too_late_names_which_comes_now(
    world: World, api: Api
) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    accept = f"/v1/offers/{(await world.offer_of(contact_id))['offer_id']}/accept"
    there, claim = f"/v1/contacts/{contact_id}", {"outcome": "solved"}
    accept_first = f"the offer is open: accept it first, POST {accept}"
    for what, body in (("replies", {"text": "x"}), ("resolve", claim), ("wrap-up", {})):
        assert await refused(api.at(contact_id, what, body)) == accept_first
    await api.post(accept)
    assert await refused(api.post(accept)) == (
        f"the offer is accepted: the contact is yours to work on, GET {there}"
    )
    assert await refused(api.at(contact_id, "wrap-up")) == (
        f"the contact is not resolved: claim that it is first, POST {there}/resolve"
    )
    await api.at(contact_id, "resolve", claim)
    assert await refused(api.at(contact_id, "replies", {"text": "x"})) == (
        "the contact is resolved and in wrap-up: all that is left to do is to end that,"
        f" POST {there}/wrap-up"
    )
    assert await refused(api.post(accept)) == (
        f"the offer was accepted and the contact is resolved: GET {there} shows it"
    )


async def refused(answer: Awaitable[httpx2.Response]) -> str:
    """Why the present state does not allow it."""
    response = await answer
    assert response.status_code == 409, response.text
    detail: str = response.json()["detail"]
    return detail


async def test_the_second_to_accept_learns_why_not(world: World, api: Api) -> None:
    await world.queue()
    await world.agent()
    contact_id = await world.receive()
    await world.dispatch()
    path = f"/v1/offers/{(await world.offer_of(contact_id))['offer_id']}/accept"
    assert (await api.post(path)).status_code == 200
    late = await api.post(path)
    assert (late.status_code, late.json()["facts"]) == (409, {"reason": "accepted"})
    assert (await api.post(f"/v1/offers/{new_id()}/accept")).status_code == 404
