"""The issuer's public keys, from a file or over https: fresh enough, and kept while it is away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.kernel.clock import Clock
from shared.kernel.errors import Unavailable
from shared.observability import metrics
from shared.observability.logging import get_logger

Fetch = Callable[[], Awaitable[bytes]]
Download = Callable[[str], Awaitable[bytes]]

KEPT = timedelta(hours=24)
LONGEST_ANSWER_SECONDS = 5
_NEVER = datetime.min.replace(tzinfo=UTC)

log = get_logger(__name__)


class KeyRing:
    """Holds the keys; `generation` rises whenever they changed."""

    def __init__(self, fetch: Fetch, clock: Clock, *, fresh: timedelta, pause: timedelta) -> None:
        """Keys count as fresh for `fresh`; however often one is asked for, `pause` lies between fetches."""
        self._fetch, self._clock, self._fresh, self._pause = fetch, clock, fresh, pause
        self._lock = asyncio.Lock()
        self._asked = self._fetched = _NEVER
        self._content = b""
        self._keys = KeySet([])
        self.generation = 0
        metrics.jwks_age.set_function(self._age)

    async def keys(self, kid: str | None = None) -> KeySet:
        """The keys, fetched anew when they are old or lack `kid`. Raises `Unavailable`."""
        if not self._keys or (self._due(kid) and not self._lock.locked()):
            async with self._lock:
                if self._due(kid):
                    await self._refresh()
        if not self._keys or self._clock.now() - self._fetched > KEPT:
            raise Unavailable("the issuer's keys cannot be read")
        return self._keys

    def _age(self) -> float:
        """Seconds since the keys were read, infinite if they never were."""
        return (self._clock.now() - self._fetched).total_seconds() if self._keys else inf

    def _due(self, kid: str | None) -> bool:
        now = self._clock.now()
        if not self._keys:
            return now - self._asked > timedelta(seconds=1)
        if now - self._asked < self._pause:
            return False
        unknown = kid is not None and all(key.kid != kid for key in self._keys)
        return unknown or now - self._fetched > self._fresh

    async def _refresh(self) -> None:
        self._asked = self._clock.now()
        try:
            async with asyncio.timeout(LONGEST_ANSWER_SECONDS):
                self._take(await self._fetch())
        except (OSError, httpx2.HTTPError, ValueError, KeyError, TypeError, JoseError) as error:
            log.warning("the issuer's keys could not be read", reason=type(error).__name__)

    def _take(self, content: bytes) -> None:
        if content != self._content:
            self._keys = KeySet.import_key_set(json.loads(content))
            self._content = content
            self.generation += 1
        self._fetched = self._clock.now()


async def downloaded(address: str) -> bytes:
    """What is at an address; a redirection is not followed."""
    async with httpx2.AsyncClient(follow_redirects=False) as client:
        return (await client.get(address)).raise_for_status().content


def key_ring(where: str, clock: Clock, download: Download = downloaded) -> KeyRing:
    """A file is looked at once a second; an address every ten minutes, unknown keys once a minute."""
    if where.startswith("https://"):
        fresh, pause = timedelta(minutes=10), timedelta(minutes=1)
        return KeyRing(lambda: download(where), clock, fresh=fresh, pause=pause)
    second = timedelta(seconds=1)
    read = Path(where).read_bytes
    return KeyRing(lambda: asyncio.to_thread(read), clock, fresh=second, pause=second)
