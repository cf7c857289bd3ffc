"""The issuer of signed tokens for one machine: never used outside the local profile."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.kernel.clock import Clock, SystemClock
from shared.kernel.ids import new_id

ISSUER = "https://issuer.rapport.invalid"
AUDIENCE = "rapport"
HOUR = timedelta(hours=1)
_ALGORITHM = "ES256"


class TokenIssuer:
    """Mints tokens with a key pair of its own; services check them against the file `jwks`."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Take the key pair in `folder`, or make one there."""
        folder.mkdir(parents=True, exist_ok=True)
        self.jwks = folder / "jwks.json"
        self._clock = clock or SystemClock()
        self._key = _key_in(folder / "private.json")
        public = self._key.as_dict(private=False, alg=_ALGORITHM, use="sig")
        _replace(self.jwks, {"keys": [public]})

    def mint(self, subject: str, scopes: Iterable[str], ttl: timedelta = HOUR) -> str:
        """A token for `subject` (an agent's id, a program's name) that may do what `scopes` say."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "scope": " ".join(scopes),
            "iat": now,
            "nbf": now,
            "exp": now + int(ttl.total_seconds()),
            "jti": str(new_id()),
        }
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])


def _key_in(path: Path) -> ECKey:
    if not path.exists():
        key = ECKey.generate_key("P-256", auto_kid=True)
        _replace(path, key.as_dict(private=True))
    return ECKey.import_key(json.loads(path.read_text()))


def _replace(path: Path, content: object) -> None:
    """Write it whole or not at all: a service may be reading the old one."""
    draft = path.with_suffix(f".{new_id()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content))
    draft.replace(path)
