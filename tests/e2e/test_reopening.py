"""Solved means the customer says so: refuted work comes back, silence is silence."""

from deploy.local.people.customers import answer_check_in
from tests.e2e.story import Centre


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


async def test_a_link_that_was_tampered_with_is_refused(centre: Centre) -> None:
    await centre.has_queue()
    ana, ada = await centre.has_agent("ana"), centre.customer()
    await centre.is_posted(ada)
    await ana.solves(await ana.takes())
    base, _, token = (await centre.link_for(ada)).rpartition("/")
    for spoilt in (token.swapcase(), token[:-1], token[::-1]):
        assert await answer_check_in(f"{base}/{spoilt}", solved=True) == 404
    assert await answer_check_in(f"{base}/{token}", solved=True) == 200
