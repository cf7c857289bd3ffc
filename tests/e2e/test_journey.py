"""One contact through all four services, from each channel to the figures."""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.local.people.customers import Customer, answer_check_in
from tests.e2e.post import reply
from tests.e2e.story import Agent, Centre, euros


async def goes_all_the_way(centre: Centre, ana: Agent, ada: Customer) -> str:
    """Taken, answered, refunded, resolved, confirmed; the contact's id."""
    contact_id = await ana.takes()
    await ana.help_step(contact_id, "hear", "read it twice")
    await ana.reply(contact_id, "One of the two invoices is cancelled.")
    await ana.action(contact_id, euros(19))
    assert "cancelled" in (await centre.mail_to(ada, reply)).text
    await ana.solves(contact_id)
    assert await answer_check_in(await centre.link_for(ada), solved=True, csat=5) == 200
    return contact_id


async def is_counted(centre: Centre) -> None:
    """The one contact of the centre stands in every figure that it should."""
    figures = await centre.counts("resolutions", confirmed=1)
    await centre.counts("contacts", received=1, automatic=0)
    await centre.counts("csat_top2", share=1.0)
    await centre.counts("replies", sent=1)
    await centre.counts("promises", broken=0, open=0)
    await centre.counts("authority_use", within=1, beyond=0, refused=0)
    await centre.counts("fcr_confirmed", share=1.0)
    assert figures["time_to_assignment"]["n"] == 1
    assert all(figure["version"] >= 1 for figure in figures.values())


async def test_a_mail_is_promised_an_answer_worked_on_confirmed_and_counted(centre: Centre) -> None:
    await centre.has_queue(need=euros(19))
    ana, jurgen = await centre.has_agent("ana", "de", refunds=20), centre.customer("Jürgen Weiß")
    await centre.is_mailed(jurgen, "Guten Tag, die Rechnung vom Mai wurde zweimal abgebucht.")
    acknowledged = await centre.acknowledgement_of(jurgen)
    contact_id = await goes_all_the_way(centre, ana, jurgen)
    seen = await ana.sees(contact_id, state="closed", language="de")
    due = datetime.fromisoformat(seen["promise_due_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{due:%H:%M} Uhr" in acknowledged.text
    assert "Jürgen Weiß" in acknowledged.text
    await is_counted(centre)


async def test_a_contact_posted_over_http_goes_the_same_way(centre: Centre) -> None:
    await centre.has_queue(need=euros(19))
    ana, ada = await centre.has_agent("ana", refunds=20), centre.customer()
    taken = await centre.is_posted(ada)
    assert taken["promise"]["text"] in (await centre.acknowledgement_of(ada)).text
    assert await goes_all_the_way(centre, ana, ada) == taken["contact_id"]
    await is_counted(centre)


async def test_a_contact_published_by_another_system_goes_the_same_way(centre: Centre) -> None:
    await centre.has_queue(need=euros(19))
    ana, ada = await centre.has_agent("ana", refunds=20), centre.customer()
    await centre.is_published(ada)
    await centre.acknowledgement_of(ada)
    await goes_all_the_way(centre, ana, ada)
    await is_counted(centre)


async def test_a_repeated_request_gets_the_same_response_and_makes_one_contact(
    centre: Centre,
) -> None:
    await centre.has_queue()
    ada, key = centre.customer(), str(uuid4())
    responses = [await centre.is_posted(ada, key=key) for _ in range(3)]
    assert responses[1:] == responses[:-1]
    await centre.counts("contacts", received=1)
    assert len(centre.post.mails_to(ada.address)) == 1
