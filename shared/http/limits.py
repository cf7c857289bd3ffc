"""How often one may come: a token bucket per caller, one per caller and scope, one per address of who is not known."""

import time
from collections.abc import Callable
from ipaddress import ip_address
from math import ceil, floor
from typing import Final

from shared.kernel.errors import Overloaded
from shared.settings import HttpSettings

MOST_NAMES: Final = 100_000
ROUNDING: Final = 1e-6
"""Moments are sums of many small numbers: a microsecond says nothing."""
OWN_NETWORK: Final = 64
"""Whoever has one IPv6 address has the whole network of this many bits."""


class Buckets:
    """One bucket per name, full at first: `rate` a second flow in, `seconds` of that at most.

    A bucket is kept as the one moment at which it will be full again.
    """

    def __init__(
        self,
        rate: float,
        seconds: float,
        now: Callable[[], float] = time.monotonic,
        policy: str = "caller",
    ) -> None:
        """No limit at all with a rate of 0; `policy` is the name by which a refusal tells it from other limits."""
        self._price = 1 / rate if rate else 0.0
        self._depth = max(seconds, self._price)
        self._now, self._policy = now, policy
        self._full_at: dict[str, float] = {}

    def take(self, name: str) -> None:
        """Take one; raises `Overloaded`, with the seconds to wait, if there is none."""
        if not self._price:
            return
        now = self._now()
        full_at = max(self._full_at.get(name, now), now) + self._price
        wait = full_at - now - self._depth
        if wait > ROUNDING:
            raise self._refusal(ceil(wait))
        if len(self._full_at) >= MOST_NAMES:
            self._forget(now)
        self._full_at[name] = full_at

    def _refusal(self, wait: int) -> Overloaded:
        """With what the headers `RateLimit` and `RateLimit-Policy` tell."""
        return Overloaded(
            "these are too many requests",
            retry_after_seconds=wait,
            policy=self._policy,
            quota=floor(self._depth / self._price + ROUNDING),
            window_seconds=ceil(self._depth),
        )

    def _forget(self, now: float) -> None:
        """Full buckets say nothing; if most are not full, forgive them all rather than grow."""
        self._full_at = {name: at for name, at in self._full_at.items() if at > now}
        if len(self._full_at) > MOST_NAMES // 2:
            self._full_at.clear()


class Limits:
    """The buckets of one server."""

    def __init__(self, settings: HttpSettings) -> None:
        burst = settings.burst_seconds
        self._callers = Buckets(settings.caller_per_second, burst)
        self._strangers = Buckets(settings.stranger_per_second, burst, policy="address")
        self._scopes = {
            scope: Buckets(rate, burst, policy=scope)
            for scope, rate in settings.scope_per_second.items()
        }

    def caller(self, subject: str, scope: str) -> None:
        """Somebody known comes to a route of this scope; raises `Overloaded`."""
        if scope in self._scopes:
            self._scopes[scope].take(subject)
        self._callers.take(subject)

    def stranger(self, address: str) -> None:
        """Somebody comes from an IP address; raises `Overloaded`."""
        self._strangers.take(network_of(address))


def network_of(address: str) -> str:
    """What an address is counted under: itself, or its network if it is IPv6."""
    if ":" not in address:
        return address
    number = int(ip_address(address.partition("%")[0]))
    return f"{number >> (128 - OWN_NETWORK):x}"
