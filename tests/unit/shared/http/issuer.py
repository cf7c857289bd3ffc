"""An issuer of tokens for tests: signs well, and badly on request."""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from shared.http.jwks import KeyRing, key_ring
from shared.kernel.clock import Clock
from shared.settings import AuthSettings

ISSUER = "https://issuer.example"
SETTINGS = AuthSettings(issuer=ISSUER, audience="rapport", jwks="unused", leeway_seconds=30)


def new_key(algorithm: str = "ES256") -> Key:
    """A private key with an id, for one of the algorithms we accept."""
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, auto_kid=True)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", auto_kid=True)
    return OKPKey.generate_key("Ed25519", auto_kid=True)


def claims(clock: Clock, **changes: Any) -> dict[str, Any]:
    """What a good token says; None takes a claim away."""
    now = int(clock.now().timestamp())
    good = {
        "iss": ISSUER,
        "aud": "rapport",
        "sub": "agent-1",
        "scope": "desk figures.read",
        "nbf": now,
        "exp": now + 600,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def sign(key: Key, what: Mapping[str, Any], algorithm: str = "ES256", **header: Any) -> str:
    """A token signed with `key`."""
    whole = {"alg": algorithm, "kid": key.kid, **header}
    return jwt.encode(whole, dict(what), key, algorithms=[algorithm])


def unsigned(what: Mapping[str, Any], kid: str | None) -> str:
    """A token with algorithm `none`."""
    return f"{_part({'alg': 'none', 'kid': kid})}.{_part(what)}."


def shaped_like_a_token(header: object, tail: str) -> str:
    """Anything at all in the place of a header."""
    return f"{_part(header)}.{_part({'sub': 'x'})}.{tail}"


def signed_with_the_public_key(key: ECKey, what: Mapping[str, Any]) -> str:
    """The old trick: the public key, which everybody has, taken as an HMAC secret."""
    content = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(what)}"
    mark = hmac.digest(key.as_pem(private=False), content.encode(), "sha256")
    return f"{content}.{_text(mark)}"


def public_set(*keys: Key) -> bytes:
    """The keys as an issuer publishes them."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


class Issuer:
    """The issuer's address: counts how often it is asked, and can be away."""

    def __init__(self, clock: Clock, *keys: Key) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False
        self.ring: KeyRing = key_ring("https://issuer.example/jwks", clock, self._answer)

    async def _answer(self, _: str) -> bytes:
        self.asked += 1
        if self.away:
            raise ConnectionError
        return public_set(*self.keys)


def bearer(token: str) -> list[tuple[bytes, bytes]]:
    """The raw header of a request that carries the token."""
    return [(b"authorization", b"Bearer " + token.encode())]


def _part(content: object) -> str:
    return _text(json.dumps(content).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
