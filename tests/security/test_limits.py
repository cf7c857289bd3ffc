"""Nobody comes too often, and nothing that comes is too large."""

from collections import Counter

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.topics import SERVICES
from shared.http import limits
from shared.http.limits import Buckets, network_of
from shared.kernel.errors import Overloaded
from tests.security.conftest import StartServer
from tests.security.seeds import Known
from tests.security.serving import Server
from tests.security.test_tokens import GUARDED

LARGE = 1_048_577
"""One more than a body may have."""


class Time:
    """Seconds, turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: Buckets, name: str, times: int) -> int:
    """How many of so many attempts are let through."""

    def one() -> bool:
        try:
            buckets.take(name)
        except Overloaded:
            return False
        return True

    return sum(one() for _ in range(times))


@given(
    rate=st.integers(1, 1_000),
    seconds=st.floats(0.01, 60),
    pauses=st.lists(st.floats(0, 5), max_size=60),
)
def test_no_more_come_than_the_burst_and_what_flowed_in(
    rate: int, seconds: float, pauses: list[float]
) -> None:
    time = Time()
    buckets = Buckets(rate, seconds, time)
    through = 0
    for pause in pauses:
        time.now += pause
        through += taken(buckets, "a", 30)
    assert through <= max(rate * seconds, 1) + rate * sum(pauses) + 1e-6 * len(pauses)


@given(rate=st.integers(1, 50), seconds=st.floats(0.01, 60))
def test_who_waits_as_long_as_they_were_asked_to_is_let_in(rate: int, seconds: float) -> None:
    time = Time()
    buckets = Buckets(rate, seconds, time)
    assert taken(buckets, "a", int(rate * seconds) + 9) >= max(int(rate * seconds), 1)
    with pytest.raises(Overloaded) as full:
        buckets.take("a")
    wait = full.value.facts["retry_after_seconds"]
    assert isinstance(wait, int)
    assert wait >= 1
    time.now += wait
    buckets.take("a")


def test_one_who_comes_too_often_does_not_hold_up_another() -> None:
    buckets = Buckets(1, 5, Time())
    assert (taken(buckets, "a", 9), taken(buckets, "b", 2)) == (5, 2)


def test_a_rate_of_nothing_is_no_limit() -> None:
    assert taken(Buckets(0, 1), "a", 1_000) == 1_000


def test_the_buckets_of_many_names_are_forgotten_and_not_kept_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MOST_NAMES", 10)
    time = Time()
    buckets = Buckets(1, 2, time)
    for number in range(100):
        buckets.take(str(number))
        assert len(buckets._full_at) <= 10
    time.now += 60
    taken(buckets, "a", 2)
    for number in range(9):
        buckets.take(str(number))
    assert taken(buckets, "a", 1) == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_whoever_has_an_address_of_version_6_has_its_network(
    one: str, other: str, same: bool
) -> None:
    assert (network_of(one) == network_of(other)) == same


@pytest.mark.parametrize("service", SERVICES)
async def test_a_caller_who_comes_too_often_is_429_with_retry_after(
    start_server: StartServer, service: str
) -> None:
    server = await start_server(service, caller_per_second=0.1, burst_seconds=30)
    async with server.client() as often, server.client(**server.bearer("another")) as another:
        responses = [await often.get(GUARDED[service]) for _ in range(5)]
        assert (await another.get(GUARDED[service])).status_code == 200
    assert [response.status_code for response in responses] == [200] * 3 + [429] * 2
    assert 1 <= int(responses[-1].headers["retry-after"]) <= 10
    assert responses[-1].json()["type"] == "urn:rapport:problem:overloaded"


@pytest.mark.parametrize(
    ("service", "public"), [("intake", "/v1/waits"), ("followup", "/v1/check-ins/nothing")]
)
async def test_strangers_and_who_guesses_tokens_share_the_bucket_of_their_address(
    start_server: StartServer, service: str, public: str
) -> None:
    server = await start_server(service, stranger_per_second=0.1, burst_seconds=40)
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as stranger:
        guess = {"authorization": "Bearer guess"}
        statuses = [(await stranger.get(GUARDED[service], headers=guess)).status_code]
        statuses += [(await stranger.get(public)).status_code for _ in range(3)]
        statuses += [(await stranger.get(public)).status_code]
        statuses += [(await stranger.get(GUARDED[service], headers=guess)).status_code]
    async with server.client() as known:
        assert (await known.get(GUARDED[service])).status_code == 200
    assert statuses[0] == 401
    assert 429 not in statuses[:4]
    assert statuses[4:] == [429, 429]


async def test_the_hot_route_is_limited_like_any_other(start_server: StartServer) -> None:
    server = await start_server("intake", caller_per_second=0.1, burst_seconds=20)
    async with server.client() as client:
        statuses = Counter([(await client.post("/v1/contacts")).status_code for _ in range(5)])
    assert statuses == {422: 2, 429: 3}


BODIES = {
    "intake": [("POST", "/v1/contacts"), ("PUT", "/v1/topic-rules")],
    "routing": [("PUT", "/v1/queues/a"), ("PUT", "/v1/desk/presence")],
    "followup": [("POST", "/v1/check-ins/nothing/answer")],
}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    ("service", "method", "path"),
    [(service, *place) for service, places in BODIES.items() for place in places],
)
async def test_a_body_beyond_the_limit_is_413_wherever_one_is_taken(
    servers: dict[str, Server], service: str, method: str, path: str, kind: str
) -> None:
    async with servers[service].client() as client:
        headers = {"content-type": kind}
        response = await client.request(method, path, content=b"1" * LARGE, headers=headers)
    takes_forms = service == "followup"
    assert response.status_code == (413 if takes_forms or "json" in kind else 415)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"solved": true, "comment": "%b"}' % (b"x" * 5_001)),
        ("application/x-www-form-urlencoded", b"solved=true&comment=" + b"x" * 5_001),
        ("application/x-www-form-urlencoded", b"solved=true&" + b"a=b&" * 100),
        ("application/x-www-form-urlencoded", b"solved=" + b"true" * 100_000),
    ],
    ids=["a long comment", "in a form", "many fields", "a long word"],
)
async def test_an_answer_to_a_check_in_is_no_longer_than_it_may_be(
    servers: dict[str, Server], known: dict[str, Known], kind: str, body: bytes
) -> None:
    link = f"/v1/check-ins/{next(known['followup']['token'])}"
    async with servers["followup"].client() as client:
        headers = {"content-type": kind}
        response = await client.post(f"{link}/answer", content=body, headers=headers)
        assert (await client.get(link)).json()["answer"] is None
    assert response.status_code in {400, 422}
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("letter", ["x", "\x01", "\U0001f642", "\u0c35"])
async def test_the_longest_text_of_any_letters_is_stored_and_published(
    servers: dict[str, Server], letter: str
) -> None:
    personal = {"address": "asha@example.org", "text": letter * 100_000}
    contact = msgspec.json.encode({"reference": "1", "channel": "web", "personal": personal})
    async with servers["intake"].client() as client:
        headers = {"content-type": "application/json"}
        response = await client.post("/v1/contacts", content=contact, headers=headers)
    assert response.status_code == 202, response.text
