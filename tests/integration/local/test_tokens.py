"""The development issuer's tokens are what the services expect of any issuer."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.tokens import AUDIENCE, ISSUER, TokenIssuer

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Stopped:
    """A clock that stands still at noon."""

    def now(self) -> datetime:
        return NOON


def claims_of(token: str, jwks: Path) -> dict[str, object]:
    keys = KeySet.import_key_set(json.loads(jwks.read_text()))
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


def test_a_token_says_who_may_do_what_and_until_when(tmp_path: Path) -> None:
    issuer = TokenIssuer(tmp_path, Stopped())
    token = issuer.mint("ada", ["desk", "figures.read"], timedelta(minutes=5))
    claims = claims_of(token, issuer.jwks)
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, AUDIENCE, "ada")
    assert claims["scope"] == "desk figures.read"
    assert claims["iat"] == claims["nbf"] == NOON.timestamp()
    assert claims["exp"] == NOON.timestamp() + 300


def test_no_two_tokens_are_the_same(tmp_path: Path) -> None:
    issuer = TokenIssuer(tmp_path, Stopped())
    one, other = (claims_of(issuer.mint("ada", ["desk"]), issuer.jwks)["jti"] for _ in range(2))
    assert one != other


def test_tokens_stay_good_when_the_issuer_comes_back(tmp_path: Path) -> None:
    token = TokenIssuer(tmp_path, Stopped()).mint("ada", ["desk"])
    again = TokenIssuer(tmp_path, Stopped())
    assert claims_of(token, again.jwks)["sub"] == "ada"


def test_the_private_key_is_for_its_owner_alone_and_never_in_the_public_set(tmp_path: Path) -> None:
    issuer = TokenIssuer(tmp_path)
    private = tmp_path / "private.json"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert set(json.loads(issuer.jwks.read_text())["keys"][0]).isdisjoint({"d", "p", "q"})
