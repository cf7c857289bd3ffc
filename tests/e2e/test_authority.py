"""The first person can solve it, and nobody spends more than they were given."""

import httpx2
import pytest

from shared.contracts.routing import OfferMade
from tests.e2e.story import Centre, euros, refusal
from tests.support.eventually import eventually


async def test_a_refund_above_the_limit_is_refused_and_escalates_to_somebody_who_may(
    centre: Centre,
) -> None:
    await centre.has_queue()
    tom, ada = await centre.has_agent("tom", refunds=20), centre.customer()
    helen = await centre.has_agent("helen", refunds=500)
    await helen.presence("away")
    contact_id = (await centre.is_posted(ada))["contact_id"]
    assert await tom.takes() == contact_id
    with pytest.raises(httpx2.HTTPStatusError) as refused:
        await tom.action(contact_id, euros(240))
    problem = refusal(refused.value)
    assert (problem["status"], problem["reason"], problem["limit"]) == (403, "over_limit", 2_000)
    assert problem["escalate"] == f"/v1/contacts/{contact_id}/escalate"
    await tom.escalate(contact_id, euros(240))
    await helen.presence("ready")
    assert await helen.takes() == contact_id
    assert (await helen.action(contact_id, euros(240)))["limit"] == 50_000
    await centre.counts("authority_use", within=1, beyond=0, refused=1)
    await centre.counts("escalation_rate", share=1.0)


async def test_a_contact_is_offered_only_to_who_may_give_what_it_needs(centre: Centre) -> None:
    await centre.has_queue(need=euros(100))
    tom, helen = (
        await centre.has_agent("tom", refunds=20),
        await centre.has_agent("helen", refunds=500),
    )
    contact_id = (await centre.is_posted(centre.customer()))["contact_id"]
    assert (await helen.is_offered())["contact_id"] == contact_id
    assert (await tom.desk())["offers"] == []
    passed = await eventually(lambda: candidates(centre, contact_id), within=10)
    assert passed.items() >= {helen.agent_id: None, tom.agent_id: "authority"}.items()


async def test_an_agent_without_authority_is_refused_and_sees_why(centre: Centre) -> None:
    await centre.has_queue()
    leo = await centre.has_agent("leo")
    await centre.is_posted(centre.customer())
    with pytest.raises(httpx2.HTTPStatusError) as refused:
        await leo.action(await leo.takes(), euros(1))
    assert refusal(refused.value)["reason"] == "no_authority"


async def candidates(centre: Centre, contact_id: str) -> dict[str, str | None]:
    """Whom the first offer of the contact names, and why they were passed over."""
    events = [event.data for event in await centre.events_about(contact_id)]
    offers = [event for event in events if isinstance(event, OfferMade)]
    assert offers, "no offer is published"
    return {one.agent_id: one.passed_over for one in offers[0].candidates}
