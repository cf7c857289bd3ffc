"""What the pods have used, as the kubelet counts it, and what they have stored."""

import json
from collections import defaultdict
from typing import NamedTuple

import asyncpg

from deploy.k8s.local.places import NODE
from deploy.k8s.local.platform import Platform


class Used(NamedTuple):
    """By a kind of pod: seconds of processor time since their starts, and the most memory one has now, in MiB."""

    seconds: dict[str, float]
    memory: dict[str, int]

    def since(self, before: "Used") -> dict[str, float]:
        """Processor seconds since then."""
        return {kind: round(self.seconds[kind] - before.seconds[kind], 2) for kind in self.seconds}


def used(platform: Platform) -> Used:
    """Of every kind of pod in our namespace."""
    shown = platform.cluster.kubectl("get", "--raw", f"/api/v1/nodes/{NODE}/proxy/stats/summary")
    seconds: dict[str, float] = defaultdict(float)
    memory: dict[str, int] = defaultdict(int)
    for pod in json.loads(shown)["pods"]:
        if pod["podRef"]["namespace"] == "rapport":
            kind = _kind(pod["podRef"]["name"])
            seconds[kind] += pod["cpu"].get("usageCoreNanoSeconds", 0) / 1e9
            memory[kind] = max(memory[kind], pod["memory"].get("workingSetBytes", 0) // 2**20)
    return Used(dict(seconds), dict(memory))


class Stored(NamedTuple):
    """Bytes: of each service's tables with their indexes, and of all records that the broker keeps."""

    places: dict[str, int]

    def since(self, before: "Stored") -> dict[str, int]:
        """How many more."""
        return {name: size - before.places[name] for name, size in self.places.items()}


async def stored_by(platform: Platform) -> Stored:
    """What is on disks now, once each: neither replicas nor the log of a database are counted."""
    places = {name: await _size_of(dsn) for name, dsn in platform.addresses.dsn.items()}
    segments = "cat /var/lib/kafka/data/rapport.*/*.log | wc -c"
    broker = ("exec", "rapport-brokers-0", "--", "sh", "-c", segments)
    return Stored(places | {"broker": int(platform.kubectl(*broker))})


async def _size_of(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select pg_database_size(current_database())"))
    finally:
        await connection.close()


def _kind(pod: str) -> str:
    """`intake-api` of `intake-api-5d9c-x7`, `intake-database` of `intake-database-1`."""
    first, second, *_ = pod.split("-")
    return f"{first}-{second}"
