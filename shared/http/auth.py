"""Who calls, and what they may: signed bearer tokens, and a scope on every route."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
)
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry
from starlette.types import Scope

from shared.http.jwks import KeyRing, key_ring
from shared.http.limits import Limits
from shared.http.problems import NoToken, Unauthenticated
from shared.kernel.clock import Clock
from shared.kernel.errors import Denied
from shared.settings import AuthSettings

ALGORITHMS: Final = ("ES256", "EdDSA", "Ed25519", "RS256")
PUBLIC: Final = "public"
BEARER: Final = "bearer"
BEARER_SCHEME: Final = {"type": "http", "scheme": BEARER, "bearerFormat": "JWT"}
# A hand-made header can hold anything, and the library trusts some of it to be what it should be.
MALFORMED: Final = (JoseError, ValueError, TypeError, AttributeError, KeyError)
LONGEST_TOKEN: Final = 8_192
REMEMBERED: Final = 4_096
REMEMBERED_SECONDS: Final = 60
_ADMITTED: Final = "rapport.admitted"


class Caller(msgspec.Struct, frozen=True):
    """Who calls, and until when (seconds of the epoch) that is believed. For an agent's desk, `subject` is the agent's id."""

    subject: str
    scopes: frozenset[str]
    until: float


class _Believed(msgspec.Struct, frozen=True):
    """A token that was checked, so that a busy caller is not checked anew for each request."""

    caller: Caller
    generation: int
    until: float


class Authenticator:
    """Checks tokens against one issuer's keys."""

    def __init__(self, settings: AuthSettings, clock: Clock, keys: KeyRing | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._keys = keys or key_ring(settings.jwks, clock)
        self._believed: dict[bytes, _Believed] = {}

    async def authenticate(self, headers: Iterable[tuple[bytes, bytes]], needed: str) -> Caller:
        """The caller behind a request's raw headers.

        Raises `Unauthenticated` (401), `Denied` (403, naming the missing scope), or `Unavailable`
        while the issuer's keys have never been seen.
        """
        token = _bearer(headers)
        known = self._believed.get(token)
        if known is None or not self._still(known):
            known = await self._check(token)
        if needed not in known.caller.scopes:
            raise Denied(f"the token lacks the scope {needed}", scope=needed)
        return known.caller

    async def ready(self) -> None:
        """Raises `Unavailable` if no token could be checked now."""
        await self._keys.keys()

    def seconds_left(self, caller: Caller) -> float:
        """How long the caller's token is still believed; 0 if it no longer is."""
        return max(0.0, caller.until - self._clock.now().timestamp())

    def _still(self, known: _Believed) -> bool:
        same_keys = known.generation == self._keys.generation
        return same_keys and self._clock.now().timestamp() < known.until

    async def _check(self, token: bytes) -> _Believed:
        try:
            claims = await self._verified(token)
        except MALFORMED as error:
            raise Unauthenticated(_reason(error)) from None
        now, expires = self._clock.now().timestamp(), claims["exp"] + self._settings.leeway_seconds
        known = _Believed(
            Caller(claims["sub"], _scopes(claims), expires),
            self._keys.generation,
            min(expires, now + REMEMBERED_SECONDS),
        )
        if len(self._believed) >= REMEMBERED:
            self._believed.clear()
        self._believed[token] = known
        return known

    async def _verified(self, token: bytes) -> dict[str, Any]:
        kid = extract_compact(token).headers().get("kid")
        keys = await self._keys.keys(kid if isinstance(kid, str) else None)
        claims = jwt.decode(token, keys, registry=JWSRegistry(algorithms=ALGORITHMS)).claims
        self._rules().validate(claims)
        return claims

    def _rules(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            leeway=self._settings.leeway_seconds,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )


class Gatekeeper:
    """Who may come in, and how often."""

    def __init__(self, authenticator: Authenticator, limits: Limits) -> None:
        self._authenticator, self._limits = authenticator, limits

    async def open(self, scope: Scope, needed: str) -> None:
        """Let a request through to a route that needs this. Raises as `admit` and `welcome` do."""
        if needed == PUBLIC:
            self.welcome(scope)
        else:
            await self.admit(scope, needed)

    async def admit(self, scope: Scope, needed: str) -> Caller:
        """The caller behind a request, who is asked once. Raises as `authenticate`, and `Overloaded`."""
        admitted: Caller | None = scope.get(_ADMITTED, {}).get(needed)
        if admitted is not None:
            return admitted
        try:
            caller = await self._authenticator.authenticate(scope["headers"], needed)
        except Unauthenticated:
            self.welcome(scope)
            raise
        self._limits.caller(caller.subject, needed)
        scope[_ADMITTED] = {needed: caller}
        return caller

    def seconds_left(self, caller: Caller) -> float:
        """How long the caller is still who they were when they came in."""
        return self._authenticator.seconds_left(caller)

    def welcome(self, scope: Scope) -> None:
        """Anybody may come, but not too often: raises `Overloaded`. A request is counted once."""
        if _ADMITTED not in scope:
            self._limits.stranger(scope["client"][0] if scope.get("client") else "")
            scope[_ADMITTED] = {}


class Gate:
    """What stands before a route. `scope` is what a caller needs, or `public`."""

    scope: str


class Require(SecurityBase, Gate):
    """A gate that lets only callers with a scope through, and says who they are."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.scheme_name = BEARER
        self.model = HTTPBearer(bearerFormat=BEARER_SCHEME["bearerFormat"])

    async def __call__(self, request: Request) -> Caller:
        return await _gatekeeper(request).admit(request.scope, self.scope)


class Public(Gate):
    """A gate that stands open, on purpose."""

    scope = PUBLIC

    async def __call__(self, request: Request) -> None:
        _gatekeeper(request).welcome(request.scope)


class Linked(Public):
    """A public page that is opened from links, to whose address a mailer may have added parameters."""


def require(scope: str) -> Any:
    """For a route: `caller: Annotated[Caller, require("desk")]`, or in its `dependencies`."""
    return Security(Require(scope), scopes=[scope])


def public() -> Any:
    """For a route anybody may call: `dependencies=[public()]`."""
    return Depends(Public())


def linked() -> Any:
    """For a public page that people open from links: query parameters that it does not know are passed over."""
    return Depends(Linked())


def _gatekeeper(request: Request) -> Gatekeeper:
    found: Gatekeeper = request.app.state.gatekeeper
    return found


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == b"authorization":
            kind, _, token = value.partition(b" ")
            if kind.lower() == b"bearer" and token.strip():
                return _short_enough(token.strip())
    raise NoToken


def _short_enough(token: bytes) -> bytes:
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(f"the token is longer than {LONGEST_TOKEN} characters")
    return token


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """`scope` as one string of words (RFC 9068), or `scp` as some issuers write it."""
    found = claims.get("scope", claims.get("scp", ""))
    words = found.split() if isinstance(found, str) else found
    return frozenset(map(str, words)) if isinstance(words, list) else frozenset()


def _reason(error: Exception) -> str:
    """What is wrong with a token, without quoting it."""
    match error:
        case ExpiredTokenError():
            return "the token is expired"
        case BadSignatureError() | InvalidKeyIdError() | InvalidClaimError(claim="iss"):
            return "the token is signed by another issuer"
    return "the token is not believed"
