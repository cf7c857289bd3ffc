"""Solved means the customer says so: refuted work comes back, silence is silence."""

from deploy.local.people.customers import answer_check_in
from shared.contracts.followup import CheckInSent
from shared.contracts.routing import ContactReviewed
from tests.e2e.story import Centre
from tests.e2e.world import ASKED_LATE


async def test_refuted_work_comes_back_to_the_same_agent_with_its_history(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_posted(ada, "The kettle switches itself off.")
    contact_id = await ana.takes()
    await ana.help_step(contact_id, "hear", "since yesterday")
    await ana.solves(contact_id)
    await centre.has_agent("ben")  # who has been idle for longer, and is able
    await answer_check_in(
        await centre.link_for(ada), solved=False, csat=1, comment="It still does."
    )
    offer = await ana.is_offered()
    assert offer["contact_id"] == contact_id
    assert offer["contact"]["precedence"]
    history = await ana.contact(contact_id)
    assert [step["evidence"] for step in history["help_steps"]] == ["since yesterday"]
    assert [claim["settled"] for claim in history["resolutions"]] == ["refuted"]
    assert "kettle" in history["messages"][0]["text"]
    await centre.counts("resolutions", refuted=1)


async def test_refuted_work_is_first_in_line(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana", at_once=1), centre.customer()
    first = (await centre.is_posted(ada))["contact_id"]
    assert await ana.takes() == first
    second = (await centre.is_posted(centre.customer()))["contact_id"]
    third = (await centre.is_posted(centre.customer()))["contact_id"]
    await ana.solves(first)
    assert await ana.takes() == second
    await answer_check_in(await centre.link_for(ada), solved=False)
    await ana.sees(first, state="waiting")
    await ana.solves(second)
    assert await ana.takes() == first
    await ana.solves(first)
    assert await ana.takes() == third


async def test_a_second_claim_can_be_confirmed_after_the_first_was_refuted(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    contact_id = (await centre.is_posted(ada))["contact_id"]
    await ana.solves(await ana.takes())
    link = await centre.link_for(ada)
    await answer_check_in(link, solved=False)
    await ana.solves(await ana.takes())
    await answer_check_in(await centre.link_for(ada, besides=link), solved=True, csat=4)
    seen = await ana.sees(contact_id, state="closed")
    assert [claim["settled"] for claim in seen["resolutions"]] == ["refuted", "confirmed"]
    await centre.counts("resolutions", refuted=1, confirmed=1)


async def test_silence_leaves_a_resolution_unrefuted(centre: Centre) -> None:
    queue_id = await centre.has_queue("silence")
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_posted(ada)
    contact_id = await ana.takes()
    await ana.solves(contact_id)
    link = await centre.link_for(ada)
    seen = await ana.sees(contact_id, state="closed")
    assert [claim["settled"] for claim in seen["resolutions"]] == ["unrefuted"]
    assert await answer_check_in(link, solved=False) == 410
    await centre.counts("resolutions", queue_id, unrefuted=1)


async def test_thanks_after_a_claim_refute_nothing_and_the_question_comes_after_them(
    centre: Centre,
) -> None:
    queue_id = await centre.has_queue(ASKED_LATE)
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_mailed(ada)
    acknowledged = await centre.acknowledgement_of(ada)
    contact_id = await ana.takes()
    await ana.solves(contact_id)
    await centre.is_mailed(ada, "Thank you!", answering=acknowledged)
    offered = (await ana.is_offered())["contact"]
    assert (offered["wrote_again"], offered["precedence"]) == (True, False)
    assert await ana.takes() == contact_id
    assert (await ana.wrote_again(contact_id, "nothing_new"))["state"] == "resolved"
    seen = await ana.sees(contact_id, state="resolved", wrote_again=False)
    assert [claim["settled"] for claim in seen["resolutions"]] == [None]
    assert await answer_check_in(await centre.link_for(ada), solved=True, csat=5) == 200
    seen = await ana.sees(contact_id, state="closed")
    assert [claim["settled"] for claim in seen["resolutions"]] == ["confirmed"]
    events = [each.data for each in await centre.events_about(contact_id)]
    [reviewed_at] = [each.reviewed_at for each in events if isinstance(each, ContactReviewed)]
    [asked_at] = [each.sent_at for each in events if isinstance(each, CheckInSent)]
    assert asked_at > reviewed_at
    await centre.counts("resolutions", queue_id, confirmed=1, refuted=0)


async def test_what_is_still_open_refutes_the_claim_and_stays_with_the_agent(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_mailed(ada)
    acknowledged = await centre.acknowledgement_of(ada)
    contact_id = await ana.takes()
    await ana.solves(contact_id)
    link = await centre.link_for(ada)
    await centre.is_mailed(ada, "It happened again.", answering=acknowledged)
    assert await ana.takes() == contact_id
    await ana.wrote_again(contact_id, "still_open")
    await centre.counts("resolutions", refuted=1)
    seen = await ana.sees(contact_id, state="assigned", precedence=True)
    assert [claim["settled"] for claim in seen["resolutions"]] == ["refuted"]
    assert await answer_check_in(link, solved=True) == 410
    await ana.solves(contact_id)
    again = await centre.link_for(ada, besides=link)
    assert await answer_check_in(again, solved=True, csat=4) == 200
    await ana.sees(contact_id, state="closed")
    await centre.counts("resolutions", refuted=1, confirmed=1)


async def test_a_link_that_was_tampered_with_is_refused(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_posted(ada)
    await ana.solves(await ana.takes())
    base, _, token = (await centre.link_for(ada)).rpartition("/")
    for spoilt in (token.swapcase(), token[:-1], token[::-1]):
        assert await answer_check_in(f"{base}/{spoilt}", solved=True) == 404
    assert await answer_check_in(f"{base}/{token}", solved=True) == 200
