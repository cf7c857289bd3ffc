"""Which readiness check belongs to which process, from the processes themselves, put together and not started."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

from shared.contracts.topics import SERVICES
from shared.http.ops import CHECK_SECONDS
from shared.messaging.worker import ASK_EVERY_SECONDS
from tools.routes import service_named, settings_of

ROLES = ("api", "worker")
MEANINGS = {
    "database": "PostgreSQL answers a statement.",
    "attachments": "The store of attachments answers. Without it the process is ready all the same: only messages"
    " with files wait.",
    "issuer": "The keys that tokens are checked with were read, and not too long ago.",
    "smtp": "The server for mail is listening.",
    "consumer": "Records are being taken, from all topics of the service: it is not paused, and each member fetches.",
    "consumer.inbox": "Records are being taken from `rapport.inbox`.",
    "consumer.deliveries": "Records are being taken from `rapport.deliveries`.",
    "consumer.queues": "Records are being taken from `rapport.queues`.",
    "outbox": "No more events wait to be published than may; beyond it intake takes nobody in.",
    "relay": "Events leave the outbox for the broker, here or in the process that leads.",
    "broker": f"The broker answered when it was last asked, every {ASK_EVERY_SECONDS:g} seconds.",
    "dispatcher": "Offers are made: whoever waits to whoever is free.",
    "due": "Offers and wrap-ups end at their time.",
    "forecaster": "How long one waits is computed and published.",
    "ask": "Customers are asked at their time.",
    "close": "Questions without an answer are closed at their time.",
}
"""What it means that a check passes."""
TEXT = f"""\
## Readiness

`/livez` answers as long as the process turns, whatever else is away: no outage is a reason to restart it. `/readyz` answers 200 if
every check of the process passes that all its work needs, else 503 and the reason of each that does not; a process that was asked to stop says so under
`process`. All checks are made at once and cut off after {CHECK_SECONDS:g} seconds, so an answer takes that long at most: a probe's timeout of
{CHECK_SECONDS + 1:g} seconds fits both.

| Check | Processes | Passes while |
|---|---|---|
"""


def section() -> str:
    """The section of the page on telemetry."""
    rows = [f"| `{name}` | {_by(who)} | {MEANINGS[name]} |\n" for name, who in checks().items()]
    return TEXT + "".join(rows)


def checks() -> dict[str, set[tuple[str, str]]]:
    """Every check, with the service and role of each process that makes it."""
    return asyncio.run(_checks())


async def _checks() -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for name in SERVICES:
        service = service_named(name)
        for role, build in zip(ROLES, (service.api, service.worker), strict=True):
            async with build(settings_of(service)) as built:
                for check in (*built.checks, *built.optional):
                    found[check].add((name, role))
    return dict(found)


def _by(processes: set[tuple[str, str]]) -> str:
    """As everywhere on the page: a role for that of all services, else service and role."""
    return ", ".join(_named(processes)) if len(processes) < len(SERVICES) * len(ROLES) else "all"


def _named(processes: set[tuple[str, str]]) -> Iterator[str]:
    for role in ROLES:
        services = [name for name in SERVICES if (name, role) in processes]
        if len(services) == len(SERVICES):
            yield role
        else:
            yield from (f"{name} {role}" for name in services)
