"""Only tokens of our issuer are believed, for as long as they say, and for what they allow."""

import warnings
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey
from prometheus_client import REGISTRY

from shared.http.auth import Authenticator
from shared.http.problems import Unauthenticated
from shared.kernel.errors import Denied, Unavailable
from tests.support.clock import FakeClock
from tests.unit.shared.http.issuer import (
    SETTINGS,
    Issuer,
    bearer,
    claims,
    new_key,
    public_set,
    shaped_like_a_token,
    sign,
    signed_with_the_public_key,
    unsigned,
)

KEY = ECKey.generate_key("P-256", auto_kid=True)
OTHER = new_key()
NOW = int(FakeClock().now().timestamp())


@pytest.fixture
def issuer(clock: FakeClock) -> Issuer:
    return Issuer(clock, KEY)


@pytest.fixture
def authenticator(clock: FakeClock, issuer: Issuer) -> Authenticator:
    return Authenticator(SETTINGS, clock, issuer.ring)


BAD: dict[str, Callable[[FakeClock], str]] = {
    "no token at all": lambda _: "",
    "not a token": lambda _: "abc",
    "three empty parts": lambda _: "..",
    "another issuer": lambda c: sign(KEY, claims(c, iss="https://evil.example")),
    "no issuer": lambda c: sign(KEY, claims(c, iss=None)),
    "another audience": lambda c: sign(KEY, claims(c, aud="elsewhere")),
    "audiences without us": lambda c: sign(KEY, claims(c, aud=["a", "b"])),
    "no audience": lambda c: sign(KEY, claims(c, aud=None)),
    "no subject": lambda c: sign(KEY, claims(c, sub=None)),
    "a subject that is no text": lambda c: sign(KEY, claims(c, sub=7)),
    "expired": lambda c: sign(KEY, claims(c, exp=NOW - 31)),
    "never expiring": lambda c: sign(KEY, claims(c, exp=None)),
    "an expiry that is no number": lambda c: sign(KEY, claims(c, exp="tomorrow")),
    "not yet valid": lambda c: sign(KEY, claims(c, nbf=NOW + 31)),
    "algorithm none": lambda c: unsigned(claims(c), KEY.kid),
    "HMAC with the public key": lambda c: signed_with_the_public_key(KEY, claims(c)),
    "another key under our id": lambda c: sign(OTHER, claims(c), kid=KEY.kid),
    "a key nobody knows": lambda c: sign(OTHER, claims(c)),
    "an algorithm that is not listed": lambda c: sign(KEY, claims(c), "ES256") + "x",
    "a key id that is no text": lambda c: unsigned(claims(c), None),
    "very long": lambda c: sign(KEY, claims(c, junk="x" * 20_000)),
}


@pytest.mark.parametrize("make", BAD.values(), ids=list(BAD))
async def test_a_bad_token_is_not_believed(
    authenticator: Authenticator, clock: FakeClock, make: Callable[[FakeClock], str]
) -> None:
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(bearer(make(clock)), "desk")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "Ed25519", "RS256"])
async def test_every_algorithm_we_name_is_believed(clock: FakeClock, algorithm: str) -> None:
    key = new_key(algorithm)
    authenticator = Authenticator(SETTINGS, clock, Issuer(clock, key).ring)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        token = sign(key, claims(clock), algorithm)
        caller = await authenticator.authenticate(bearer(token), "desk")
    assert (caller.subject, caller.scopes) == ("agent-1", frozenset({"desk", "figures.read"}))


@pytest.mark.parametrize(
    "changes", [{"exp": NOW - 29}, {"nbf": NOW + 29}, {"aud": ["x", "rapport"]}]
)
async def test_a_clock_may_differ_a_little(
    authenticator: Authenticator, clock: FakeClock, changes: dict[str, Any]
) -> None:
    await authenticator.authenticate(bearer(sign(KEY, claims(clock, **changes))), "desk")


async def test_a_missing_scope_is_named(authenticator: Authenticator, clock: FakeClock) -> None:
    with pytest.raises(Denied, match=r"routing\.admin") as caught:
        await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "routing.admin")
    assert caught.value.facts == {"scope": "routing.admin"}


@pytest.mark.parametrize(
    "scopes", [{"scp": ["desk"], "scope": None}, {"scp": "desk", "scope": None}]
)
async def test_scopes_are_read_as_other_issuers_write_them(
    authenticator: Authenticator, clock: FakeClock, scopes: dict[str, Any]
) -> None:
    await authenticator.authenticate(bearer(sign(KEY, claims(clock, **scopes))), "desk")


@pytest.mark.parametrize("scope", [None, 7, {"desk": 1}, "DESK", "desktop", ""])
async def test_a_strange_scope_allows_nothing(
    authenticator: Authenticator, clock: FakeClock, scope: Any
) -> None:
    with pytest.raises(Denied):
        await authenticator.authenticate(bearer(sign(KEY, claims(clock, scope=scope))), "desk")


async def test_a_remembered_token_still_expires(
    authenticator: Authenticator, clock: FakeClock
) -> None:
    headers = bearer(sign(KEY, claims(clock, exp=NOW + 10)))
    await authenticator.authenticate(headers, "desk")
    clock.advance(41)
    with pytest.raises(Unauthenticated, match="expired"):
        await authenticator.authenticate(headers, "desk")


async def test_a_withdrawn_key_is_not_believed_once_that_is_known(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    headers = bearer(sign(KEY, claims(clock, exp=NOW + 9_999)))
    await authenticator.authenticate(headers, "desk")
    issuer.keys = [OTHER]
    clock.advance(601)
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(headers, "desk")


async def test_a_remembered_token_is_checked_anew_when_the_keys_change(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await authenticator.ready()
    clock.advance(61)
    headers = bearer(sign(KEY, claims(clock)))
    await authenticator.authenticate(headers, "desk")
    issuer.keys = [OTHER]
    await authenticator.authenticate(bearer(sign(OTHER, claims(clock))), "desk")
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(headers, "desk")


async def test_a_new_key_is_fetched_when_it_is_first_seen(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await authenticator.ready()
    issuer.keys.append(OTHER)
    clock.advance(61)
    await authenticator.authenticate(bearer(sign(OTHER, claims(clock))), "desk")
    assert issuer.asked == 2


async def test_a_flood_of_unknown_keys_asks_the_issuer_once_a_minute(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await authenticator.ready()
    token = sign(OTHER, claims(clock))
    for number in range(300):
        flood = unsigned(claims(clock), f"key-{number}") if number % 2 else token
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(bearer(flood), "desk")
        clock.advance(0.6)
    assert issuer.asked <= 1 + 3


async def test_keys_outlive_an_issuer_that_is_away_for_a_day(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    await authenticator.ready()
    issuer.away = True
    clock.advance(23 * 3_600)
    await authenticator.authenticate(
        bearer(sign(KEY, claims(clock, nbf=NOW, exp=NOW + 99_999))), "desk"
    )
    clock.advance(2 * 3_600)
    with pytest.raises(Unavailable):
        await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "desk")


async def test_an_issuer_that_was_never_reached_is_our_outage(
    authenticator: Authenticator, issuer: Issuer, clock: FakeClock
) -> None:
    issuer.away = True
    with pytest.raises(Unavailable):
        await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "desk")
    issuer.away = False
    clock.advance(2)
    await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "desk")


async def test_a_key_file_is_read_again_when_it_changed(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(public_set(OTHER))
    settings = SETTINGS.model_copy(update={"jwks": str(path)})
    authenticator = Authenticator(settings, clock)
    await authenticator.authenticate(bearer(sign(OTHER, claims(clock))), "desk")
    path.write_bytes(public_set(KEY))
    clock.advance(2)
    await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "desk")
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(bearer(sign(OTHER, claims(clock))), "desk")


async def test_a_broken_key_file_keeps_the_keys_we_have(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(public_set(KEY))
    authenticator = Authenticator(SETTINGS.model_copy(update={"jwks": str(path)}), clock)
    await authenticator.ready()
    for content in (b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [{"kty": "EC"}]}'):
        path.write_bytes(content)
        clock.advance(2)
        await authenticator.authenticate(bearer(sign(KEY, claims(clock))), "desk")


HEADER = st.dictionaries(
    st.sampled_from(["alg", "kid", "crit", "b64", "typ"]),
    st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(max_size=3)), st.just("ES256")),
)


@example(header={"alg": None, "crit": None}, tail="")
@given(header=st.one_of(HEADER, st.lists(st.integers())), tail=st.text(max_size=20))
async def test_no_token_however_strange_is_more_than_not_believed(header: Any, tail: str) -> None:
    clock = FakeClock()
    authenticator = Authenticator(SETTINGS, clock, Issuer(clock, KEY).ring)
    with pytest.raises(Unauthenticated):
        await authenticator.authenticate(bearer(shaped_like_a_token(header, tail)), "desk")


async def test_the_age_of_the_keys_is_shown_and_infinite_before_the_first(
    clock: FakeClock, issuer: Issuer, authenticator: Authenticator
) -> None:
    def age() -> float | None:
        return REGISTRY.get_sample_value("rapport_jwks_age_seconds")

    assert age() == inf
    await authenticator.ready()
    clock.advance(90)
    assert age() == 90
