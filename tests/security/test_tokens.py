"""A token that is not wholly right gets nothing from any service."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer
from shared.contracts.topics import SERVICES
from shared.kernel.clock import SystemClock
from tests.security.serving import AGENT, EVERYTHING, Server
from tests.unit.shared.http import issuer as forge

GUARDED = {
    "intake": "/v1/tally",
    "routing": "/v1/queues",
    "followup": "/v1/check-ins?contact_id=0190c0de-0000-7000-8000-000000000000",
    "analytics": "/v1/definitions",
}


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says, with something else in its place."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "scope": " ".join(EVERYTHING)}
    return forge.claims(SystemClock(), **(good | changes))


def signed(issuer: TokenIssuer, algorithm: str = "ES256", **changes: Any) -> str:
    """Signed with the issuer's own key."""
    return forge.sign(issuer._key, claims(**changes), algorithm)


BAD: dict[str, Callable[[TokenIssuer], str]] = {
    "wrong issuer": lambda issuer: signed(issuer, iss="https://elsewhere.invalid"),
    "no issuer": lambda issuer: signed(issuer, iss=None),
    "wrong audience": lambda issuer: signed(issuer, aud="another-platform"),
    "no audience": lambda issuer: signed(issuer, aud=None),
    "expired": lambda issuer: issuer.mint(AGENT, EVERYTHING, timedelta(hours=-1)),
    "never expires": lambda issuer: signed(issuer, exp=None),
    "nobody": lambda issuer: signed(issuer, sub=None),
    "not signed": lambda issuer: forge.unsigned(claims(), issuer._key.kid),
    "signed with the public key": lambda issuer: forge.signed_with_the_public_key(
        issuer._key, claims()
    ),
    "signed by somebody else": lambda _: forge.sign(forge.new_key(), claims()),
    "somebody else under its name": lambda issuer: forge.sign(
        forge.new_key(), claims(), kid=issuer._key.kid
    ),
    "another algorithm": lambda issuer: forge.sign(
        forge.new_key("RS256"), claims(), "RS256", kid=issuer._key.kid
    ),
    "no token": lambda _: "a.b.c",
}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_good_token_passes(servers: dict[str, Server], service: str) -> None:
    async with servers[service].client() as client:
        assert (await client.get(GUARDED[service])).status_code == 200


OTHER_ISSUER, UNBELIEVED = "the token is signed by another issuer", "the token is not believed"
REASONS = {
    "wrong issuer": OTHER_ISSUER,
    "signed by somebody else": OTHER_ISSUER,
    "somebody else under its name": OTHER_ISSUER,
    "another algorithm": OTHER_ISSUER,
    "expired": "the token is expired",
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_token_is_refused_as_expired_or_as_another_issuers(
    servers: dict[str, Server], name: str
) -> None:
    server = servers["analytics"]
    headers = {"authorization": f"Bearer {BAD[name](server.issuer)}"}
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        response = await client.get(GUARDED["analytics"], headers=headers)
    assert response.json()["detail"] == REASONS.get(name, UNBELIEVED)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("make", BAD.values(), ids=list(BAD))
async def test_a_bad_token_is_401_and_learns_no_more(
    servers: dict[str, Server], service: str, make: Callable[[TokenIssuer], str]
) -> None:
    server = servers[service]
    headers = {"authorization": f"Bearer {make(server.issuer)}"}
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        response = await client.get(GUARDED[service], headers=headers)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"].startswith('Bearer realm="rapport"')
    assert set(response.json()) <= {"type", "title", "status", "detail"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Basic dXNlcjpwYXNz"}, {"authorization": "Bearer"}, {"cookie": "t=1"}],
    ids=["nothing", "a password", "an empty word", "a cookie"],
)
async def test_without_a_token_it_is_401(
    servers: dict[str, Server], service: str, headers: dict[str, str]
) -> None:
    async with httpx2.AsyncClient(base_url=servers[service].url, trust_env=False) as client:
        response = await client.get(GUARDED[service], headers=headers)
    assert response.status_code == 401
    assert response.json()["detail"] == "send a token: `Authorization: Bearer …`"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_token_in_the_address_is_no_token(servers: dict[str, Server], service: str) -> None:
    server = servers[service]
    token = server.bearer()["authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
        response = await client.get(GUARDED[service], params={"access_token": token})
    assert response.status_code == 401


async def test_the_issuer_of_another_installation_is_not_believed(
    servers: dict[str, Server], tmp_path: Path
) -> None:
    foreign = TokenIssuer(tmp_path).mint(AGENT, EVERYTHING)
    for service, server in servers.items():
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as client:
            headers = {"authorization": f"Bearer {foreign}"}
            assert (await client.get(GUARDED[service], headers=headers)).status_code == 401
