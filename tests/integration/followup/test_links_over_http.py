"""What a customer's link is good for, over a real socket."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from pydantic import SecretStr

from services.followup.adapters.links import Links
from services.followup.bootstrap import routers
from services.followup.domain.check_ins.model import CheckIn
from services.followup.locales import LANGUAGES
from shared.contracts.followup import CheckInAnswered, ResolutionConfirmed, ResolutionRefuted
from shared.contracts.routing import MessageRequested
from shared.kernel.ids import new_id
from tests.integration.followup.following import HOUR, SECRETS, WINDOW, FollowUp
from tests.integration.http.serving import app_of, serving, token
from tests.unit.followup.story import NOON, TRACE, Story

HTML = {"accept": "text/html,application/xhtml+xml"}
YES: dict[str, Any] = {"solved": True, "csat": 5, "comment": "Thank you!"}
NO: dict[str, Any] = {"solved": False}


@pytest.fixture
async def customer(follow_up: FollowUp, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    routes = routers(follow_up.database, follow_up.links, follow_up.clock)
    async with serving(app_of(tmp_path, routes)) as client:
        yield client


async def asked(follow_up: FollowUp, language: str = "en", name: str = "Anna Weber") -> str:
    """The path of a link that was just sent."""
    story = Story()
    check_in = await follow_up.asked(story, language=language)
    await follow_up.consume(story.identified(name))
    return f"/v1/check-ins/{await follow_up.token(check_in)}"


async def everything(follow_up: FollowUp) -> list[tuple[Any, ...]]:
    async with follow_up.database.connection() as tx:
        tables = ("check_in", "contact", "customer", "outbox", "stream")
        return [tuple(row) for table in tables for row in await tx.fetch(f"select * from {table}")]


async def test_looking_at_a_link_changes_nothing_however_a_scanner_looks(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    before = await everything(follow_up)
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        for address in (path, f"{path}?solved=true&csat=5", f"{path}/answer?solved=true"):
            await customer.request(method, address, headers=HTML)
            await customer.request(method, address)
    assert await everything(follow_up) == before
    shown = (await customer.get(path)).json()
    assert shown["question"] == LANGUAGES["en"].question
    assert shown["answer"] is None


async def test_a_link_to_which_a_mailer_added_something_still_asks_and_takes_the_answer(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    assert (await customer.get(f"{path}?utm_source=mail&mc_eid=1", headers=HTML)).is_success
    taken = await customer.post(f"{path}/answer?utm_source=mail", json=YES)
    assert taken.json()["answer"]["solved"] is True


async def test_an_answer_confirms_and_is_shown_from_then_on(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    taken = await customer.post(f"{path}/answer", json=YES)
    assert taken.status_code == 200
    assert taken.json()["answer"] == YES | {"answered_at": taken.json()["answer"]["answered_at"]}
    assert (await customer.get(path)).json() == taken.json()
    answered, confirmed = await follow_up.published(CheckInAnswered, ResolutionConfirmed)
    assert isinstance(answered.data, CheckInAnswered)
    assert (answered.data.solved, answered.data.csat) == (True, 5)
    assert answered.data.personal.comment == "Thank you!"
    assert answered.trace == confirmed.trace == TRACE


async def test_the_same_answer_twice_is_one_and_another_one_is_a_conflict(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    first = await customer.post(f"{path}/answer", json=NO)
    again = await customer.post(f"{path}/answer", json=NO)
    other = await customer.post(f"{path}/answer", json=YES)
    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert again.json() == first.json()
    assert other.headers["content-type"] == "application/problem+json"
    assert len(await follow_up.published(ResolutionConfirmed, ResolutionRefuted)) == 1


async def test_one_answer_sent_many_times_at_once_is_one_and_nobody_is_refused(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    sent = [customer.post(f"{path}/answer", json=YES) for _ in range(20)]
    answers = await asyncio.gather(*sent)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(await follow_up.published(ResolutionConfirmed)) == 1


async def test_of_two_different_answers_at_once_one_counts(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    sent = [customer.post(f"{path}/answer", json=body) for body in (YES, NO) * 8]
    statuses = Counter(answer.status_code for answer in await asyncio.gather(*sent))
    assert statuses == {200: 8, 409: 8}
    assert len(await follow_up.published(ResolutionConfirmed, ResolutionRefuted)) == 1


async def test_after_the_window_a_link_is_gone(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    follow_up.clock.advance(WINDOW)
    for _ in ("before the job has closed it", "and after"):
        assert (await customer.get(path)).status_code == 410
        late = await customer.post(f"{path}/answer", json=YES)
        assert (late.status_code, late.json()["title"]) == (410, "It was here and is over")
        await follow_up.act()


async def test_an_answer_is_still_shown_after_the_window(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    await customer.post(f"{path}/answer", json=YES)
    follow_up.clock.advance(WINDOW)
    assert (await customer.get(path)).json()["answer"]["solved"] is True
    assert (await customer.post(f"{path}/answer", json=YES)).status_code == 200


async def test_a_tampered_link_is_unknown_and_learns_nothing(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    forged = Links("", SecretStr(json.dumps(["f" * 32]))).link(new_id(), NOON)
    unknown = Links("", SECRETS).link(new_id(), NOON.replace(year=2099))
    said = set()
    for bad in (path[:-3] + "AAA", path.replace("check-ins/", "check-ins/x"), forged, unknown):
        for answer in (await customer.get(bad), await customer.post(f"{bad}/answer", json=YES)):
            assert answer.status_code == 404
            assert answer.json()["detail"] == "the link is incomplete or not ours"
            said.add(answer.text)
    assert len(said) == 1


async def test_a_link_to_what_is_no_longer_kept_is_gone_not_unknown(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    past = Links("", SECRETS).link(new_id(), NOON)
    assert (await customer.get(past)).status_code == 410


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"solved": "yes"}',
        b'{"csat": 5}',
        b'{"solved": true, "csat": 0}',
        b'{"solved": true, "csat": 6}',
        b'{"solved": true, "more": 1}',
        b'{"solved": true, "comment": "\\u0000"}',
        b'{"solved": true, "comment": "\\ud800"}',
        b'{"solved": true, "comment": "\xff"}',
        b'{"solved": true, "comment": "' + b"x" * 5001 + b'"}',
    ],
)
async def test_what_is_no_answer_is_refused_and_changes_nothing(
    follow_up: FollowUp, customer: httpx2.AsyncClient, body: bytes
) -> None:
    path = await asked(follow_up)
    before = await everything(follow_up)
    headers = {"content-type": "application/json"}
    refused = await customer.post(f"{path}/answer", content=body, headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    assert await everything(follow_up) == before


async def test_four_byte_signs_and_joiners_survive_in_a_comment(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up)
    comment = "👩‍🔧 \u202eright\u202c పర్వాలేదు '; drop table check_in; -- {{7*7}}"
    await customer.post(f"{path}/answer", json=NO | {"comment": comment})
    assert (await customer.get(path)).json()["answer"]["comment"] == comment


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_asks_in_the_customers_language_and_takes_the_answer_without_script(
    follow_up: FollowUp, customer: httpx2.AsyncClient, language: str
) -> None:
    words = LANGUAGES[language]
    path = await asked(follow_up, language)
    page = await customer.get(path, headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in page.text
    for sentence in (words.question, words.yes, words.no, words.satisfaction, words.comment):
        assert sentence in page.text
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
    target = httpx2.URL(str(page.url)).join(action)
    filled = {"solved": "true", "csat": "4", "comment": ""}
    noted = await customer.post(target, data=filled, headers=HTML)
    assert noted.status_code == 200
    assert words.noted_solved in noted.text
    assert words.scores[3] in noted.text
    again = await customer.get(path, headers=HTML)
    assert words.noted_solved in again.text
    assert "<form" not in again.text


async def test_the_page_runs_nothing_loads_nothing_and_leaks_no_address(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    page = await customer.get(await asked(follow_up), headers=HTML)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    for forbidden in ("<script", "http:", "https:", "src=", "@import", "url(", " style="):
        assert forbidden not in page.text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
async def test_a_comment_with_markup_is_only_text_and_such_a_name_is_not_shown(
    follow_up: FollowUp, customer: httpx2.AsyncClient, name: str
) -> None:
    path = await asked(follow_up, name=name)
    page = await customer.get(path, headers=HTML)
    assert name not in page.text
    assert "&lt;" not in page.text
    noted = await customer.post(
        f"{path}/answer", data={"solved": "false", "comment": name}, headers=HTML
    )
    assert name not in noted.text
    assert noted.text.count("&lt;") == name.count("<") > 0


async def test_a_name_that_is_an_address_on_the_web_is_neither_mailed_nor_shown(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    story = Story()
    await follow_up.consume(story.identified("Win at http://evil.example"))
    await follow_up.consume(story.received(), story.claimed(0))
    follow_up.clock.advance(HOUR)
    await follow_up.act()
    (mail,) = await follow_up.published(MessageRequested)
    assert isinstance(mail.data, MessageRequested)
    assert mail.data.personal.text.startswith("Hello,\n")
    (check_in,) = await follow_up.check_ins(story)
    page = await customer.get(f"/v1/check-ins/{await follow_up.token(check_in)}", headers=HTML)
    assert page.status_code == 200
    for sent in (mail.data.personal.text, page.text):
        assert "evil.example" not in sent


async def test_a_page_says_to_a_person_why_there_is_nothing_to_answer(
    follow_up: FollowUp, customer: httpx2.AsyncClient
) -> None:
    path = await asked(follow_up, "de")
    german = LANGUAGES["de"]
    wrong = await customer.post(f"{path}/answer", data={"csat": "9"}, headers=HTML)
    assert (wrong.status_code, german.unreadable in wrong.text) == (422, True)
    await customer.post(f"{path}/answer", json=YES)
    other = await customer.post(f"{path}/answer", data={"solved": "false"}, headers=HTML)
    assert (other.status_code, german.other_answer in other.text) == (409, True)
    second = await asked(follow_up, "de")
    follow_up.clock.advance(WINDOW)
    gone = await customer.get(second, headers=HTML)
    assert (gone.status_code, german.closed in gone.text) == (410, True)
    preferred = HTML | {"accept-language": "fr-CH, te;q=0.9"}
    unknown = await customer.get(f"/v1/check-ins/{quote('<b>')}", headers=preferred)
    assert (unknown.status_code, LANGUAGES["te"].unknown in unknown.text) == (404, True)


async def test_an_operator_with_the_scope_sees_how_check_ins_stand(
    follow_up: FollowUp, customer: httpx2.AsyncClient, tmp_path: Path
) -> None:
    story = Story()
    check_in: CheckIn = await follow_up.asked(story)
    address = f"/v1/check-ins?contact_id={story.contact_id}"
    assert (await customer.get(address)).status_code == 401
    assert (await customer.get(address, headers=token(tmp_path, "desk"))).status_code == 403
    seen = await customer.get(address, headers=token(tmp_path, "followup.admin"))
    (shown,) = seen.json()["check_ins"]
    assert shown["check_in_id"] == str(check_in.check_in_id)
    assert (shown["state"], shown["number"], shown["settled_at"]) == ("sent", 1, None)
    assert "comment" not in shown


async def test_check_ins_are_listed_in_pages_each_once(
    follow_up: FollowUp, customer: httpx2.AsyncClient, tmp_path: Path
) -> None:
    story = Story()
    await follow_up.consume(story.identified(), story.received())
    for number in range(1, 6):
        await follow_up.consume(story.claimed(number, number=number))
    headers, pages, after = token(tmp_path, "followup.admin"), [], 0
    while after is not None:
        address = f"/v1/check-ins?contact_id={story.contact_id}&limit=2&after={after}"
        page = (await customer.get(address, headers=headers)).json()
        pages.append([check_in["number"] for check_in in page["check_ins"]])
        after = page["next"]
    assert pages == [[1, 2], [3, 4], [5]]
