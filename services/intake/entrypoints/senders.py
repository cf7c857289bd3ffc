"""Who is on the other side of a connection for mail: a sender, or a load balancer that says whom it speaks for."""

from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiosmtpd.proxy_protocol import V2_CMD, ProxyData

from shared.http.limits import network_of
from shared.settings.addresses import NOBODY


class Senders:
    """How many connections each has open: an address, or a network of IPv6."""

    def __init__(self, max_count: int) -> None:
        self._max_count = max_count
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> str | None:
        """One more; what it is counted under until it leaves, or None if it has too many."""
        name = network_of(_plain(address))
        if self._open[name] >= self._max_count:
            return None
        self._open[name] += 1
        return name

    def leave(self, name: str) -> None:
        """One less of what was counted under this name."""
        self._open[name] -= 1
        if not self._open[name]:
            del self._open[name]


class Proxies:
    """The addresses and networks of load balancers that write PROXY before each connection."""

    def __init__(self, networks: str) -> None:
        named = (each.strip() for each in networks.split(","))
        self._networks = [ip_network(each) for each in named if each not in ("", NOBODY)]

    def __contains__(self, address: str) -> bool:
        found = ip_address(_plain(address))
        return any(found in network for network in self._networks)


def sender_of(header: ProxyData) -> str | None:
    """Whom a load balancer speaks for; None if for itself, as when it looks whether somebody is there."""
    of_the_network = isinstance(header.src_addr, IPv4Address | IPv6Address)
    return str(header.src_addr) if of_the_network and header.command != V2_CMD.LOCAL else None


def _plain(address: str) -> str:
    """An address of IPv4 that is written as one of IPv6 is one of IPv4."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)
