"""What the pods have used, as the kubelet counts it, and what they have stored."""

import json
from collections import defaultdict
from typing import NamedTuple

import asyncpg

from deploy.k8s.local.places import NODE
from deploy.k8s.local.platform import Platform
from tools.size import PASSING

SIZES = """
select coalesce(sum(pg_total_relation_size(relid)) filter (where relname not in ('outbox', 'inbox')), 0)::bigint,
  coalesce(sum(pg_total_relation_size(relid)) filter (where relname in ('outbox', 'inbox')), 0)::bigint
from pg_stat_user_tables
"""


class Used(NamedTuple):
    """Seconds of processor time since its start by pod; the most memory that one has now by kind of pod, in MiB."""

    seconds: dict[str, float]
    memory: dict[str, int]

    def since(self, before: "Used") -> dict[str, float]:
        """Processor seconds since then by kind, of those pods that are there now: an autoscaler takes others away."""
        spent: dict[str, float] = defaultdict(float)
        for pod, seconds in self.seconds.items():
            spent[_kind(pod)] += seconds - before.seconds.get(pod, 0)
        return spent


def used(platform: Platform) -> Used:
    """Of every pod in our namespace."""
    shown = platform.cluster.kubectl("get", "--raw", f"/api/v1/nodes/{NODE}/proxy/stats/summary")
    seconds: dict[str, float] = {}
    memory: dict[str, int] = defaultdict(int)
    for pod in json.loads(shown)["pods"]:
        name, cpu = pod["podRef"]["name"], pod["cpu"].get("usageCoreNanoSeconds", 0)
        if pod["podRef"]["namespace"] == "rapport" and cpu:
            seconds[name] = cpu / 1e9
            kind, size = _kind(name), pod["memory"].get("workingSetBytes", 0) // 2**20
            memory[kind] = max(memory[kind], size)
    return Used(seconds, dict(memory))


async def stored_by(platform: Platform) -> dict[str, int]:
    """Bytes on disks now, once each: of each service's tables with their indexes, and of the broker's records of ours.

    Neither replicas nor the log of a database are counted.
    """
    sizes = {name: await _sizes_of(dsn) for name, dsn in platform.addresses.dsn.items()}
    places = {name: lasting for name, (lasting, _) in sizes.items()}
    segments = "cat /var/lib/kafka/data/rapport.*/*.log | wc -c"
    broker = ("exec", "rapport-brokers-0", "--", "sh", "-c", segments)
    passing = sum(passing for _, passing in sizes.values())
    return places | {PASSING: passing, "broker": int(platform.kubectl(*broker))}


async def _sizes_of(dsn: str) -> tuple[int, int]:
    """Of what is kept for long, and of what is not."""
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(SIZES)
        assert row
        return row[0], row[1]
    finally:
        await connection.close()


def _kind(pod: str) -> str:
    """`intake-api` of `intake-api-5d9c-x7`, `intake-database` of `intake-database-1`."""
    first, second, *_ = pod.split("-")
    return f"{first}-{second}"
