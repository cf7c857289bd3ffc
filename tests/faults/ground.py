"""The ground on which drills are held: the platform, its people, and what can be done to it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import httpx2
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.evidence import gather
from deploy.local.invariants import judge
from deploy.local.kafka import Kafka
from deploy.local.parts import LocalParts
from deploy.local.platform import SERVICES, WORKER, Addresses, Platform, surroundings
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child, http_ok, tail, wait_until_ready
from deploy.local.quiet import UNPUBLISHED, wait_until_quiet
from shared.settings import KafkaSettings
from tests.e2e.post import Post
from tests.faults.load import ADDRESS, CHANNELS, NEED, TOPIC, Customers, at_work
from tests.faults.memory import Memory, forgotten, kept
from tests.support.eventually import eventually
from tests.support.kafka import settings_of
from tests.support.proxy import Proxy

REST = 120.0
START = 60.0
MAX_CUSTOMERS = 3_000
"""Customers of one drill."""
AGENTS = tuple(f"agent-{number}" for number in range(1, 7))
WATCHER = "agent-7"
"""Not of the shift, so that the desk is empty when a drill sits down at it."""
# Short waits, so that a drill takes seconds where operation takes minutes.
ENVIRONMENT = {
    "intake": {
        "RAPPORT_DELIVERY__POLL_SECONDS": "0.1",
        "RAPPORT_DELIVERY__FIRST_RETRY_SECONDS": "0.5",
        "RAPPORT_DELIVERY__LONGEST_RETRY_SECONDS": "2",
        "RAPPORT_MAIL__TIMEOUT_SECONDS": "3",
        "RAPPORT_DELIVERY__LEASE_SECONDS": "10",
        "RAPPORT_DELIVERY__MAX_ATTEMPTS": "1000",
    },
    "routing": {"RAPPORT_WRAP_UP_SECONDS": "1"},
    "followup": {
        "RAPPORT_CHECK_IN__DELAY_SECONDS": "0.2",
        "RAPPORT_CHECK_IN__WINDOW_SECONDS": "1",
        "RAPPORT_CHECK_IN__QUIET_HOURS": "false",
    },
    "analytics": {"RAPPORT_JOB_INTERVAL_SECONDS": "1"},
}
# Nothing that time alone will bring to an end may be left.
UNDONE = {
    "routing": "select count(*) from offer where state in ('open', 'wrapping')",
    "followup": "select count(*) from check_in where state in ('scheduled', 'sent')",
}


@dataclass
class Ground:
    """One platform for all drills of a run. Whatever a drill breaks, the next one finds whole."""

    platform: Platform
    post: Post
    mail: Proxy
    databases: dict[str, Proxy]
    broker: Proxy
    memory: Memory = field(default_factory=Memory)
    spoilt: int = 0
    """Dead letters that drills made on purpose: so many are no finding."""
    found: set[str] = field(default_factory=set)

    @property
    def where(self) -> Addresses:
        return self.platform.addresses

    @property
    def parts(self) -> LocalParts:
        return self.platform.parts

    @property
    def kafka(self) -> KafkaSettings:
        return settings_of(self.parts.broker)

    def process(self, service: str, role: str) -> Child:
        return self.platform.running[service, role]

    async def start(self, service: str, role: str, *, ready: bool = True) -> None:
        """Start the process (again) and wait until it is ready, or answers that it is not."""
        await asyncio.to_thread(self.platform.spawn, service, role)
        if ready:
            await asyncio.to_thread(self.platform.wait_until_ready, service, role, START)
        else:
            await eventually(lambda: self._answers(service, role), within=START)

    async def _answers(self, service: str, role: str) -> bool:
        with suppress(httpx2.TransportError):
            return bool(await self.readiness(service, role))
        return False

    async def restart(self, service: str, role: str, *, ready: bool = True) -> None:
        """SIGTERM, if it still lives, and another one. AssertionError if it did not drain in time.

        A process whose parts are not done at its deadline (20 s) ends with a bad status.
        """
        child = self.process(service, role)
        if child.alive():
            assert await asyncio.to_thread(child.stop, 25), f"{service} {role} did not drain"
            assert child.popen.returncode == 0, f"{service} {role} ended badly\n{tail(child)}"
        await self.start(service, role, ready=ready)

    async def repair(self) -> None:
        """Whatever is dead lives again, and everything is ready."""
        for part in (self.parts.postgres, self.parts.broker):
            if not part._child.alive():  # type: ignore[union-attr]
                await asyncio.to_thread(part.start)
        for (service, role), child in self.platform.running.items():
            if not child.alive():
                sys.stderr.write(f"{child.name} had ended. {tail(child)}\n")
                await asyncio.to_thread(self.platform.spawn, service, role)
        for service, role in self.platform.running:
            await asyncio.to_thread(self.platform.wait_until_ready, service, role, START)

    def surroundings(self, service: str, role: str) -> dict[str, str]:
        """The environment of one more process of that service."""
        return surroundings() | self.platform.environment(service, role)

    @asynccontextmanager
    async def second(self, service: str) -> AsyncIterator[Child]:
        """Inside the block another worker of the service is at work; it may die."""
        port = free_port()
        env = self.surroundings(service, WORKER) | {"RAPPORT_OPS__PORT": str(port)}
        argv = [sys.executable, "-m", f"services.{service}", WORKER]
        child = self.parts.instance.spawn(f"{service}-worker-2", argv, env=env)
        try:
            await asyncio.to_thread(
                wait_until_ready, child, lambda: http_ok(port, "/readyz"), START
            )
            yield child
        finally:
            await asyncio.to_thread(child.stop, 25)

    @asynccontextmanager
    async def through_proxies(self, service: str, *roles: str) -> AsyncIterator[None]:
        """Inside the block these processes reach database and broker through the proxies."""
        extra, own = self.platform.extra_env, self.platform.extra_env[service]
        there = str(self.databases[service].port)
        dsn = self.where.dsn[service].replace(f":{self.parts.postgres.port}/", f":{there}/")
        extra[service] = own | {
            "RAPPORT_DATABASE__DSN": dsn,
            "RAPPORT_KAFKA__BOOTSTRAP": f"{LOOPBACK}:{self.broker.port}",
        }
        try:
            for role in roles:
                await self.restart(service, role)
            yield
        finally:
            extra[service] = own
            for role in roles:
                await self.restart(service, role)

    async def take(self, count: int, *channels: str) -> None:
        """So many customers come, one after the other, and are taken."""
        customers = Customers(self.where, self.platform.issuer, self.kafka, self.memory)
        await customers.come(
            count, every=0.0, channels=channels or CHANNELS, enough=asyncio.Event()
        )

    @asynccontextmanager
    async def under_load(self, every: float = 0.08) -> AsyncIterator[None]:
        """Customers arrive and agents work as long as the block lasts; then all have been taken."""
        customers = Customers(self.where, self.platform.issuer, self.kafka, self.memory)
        enough = asyncio.Event()
        async with at_work(self.where, self.platform.issuer, AGENTS, self.memory):
            coming = asyncio.create_task(
                customers.come(MAX_CUSTOMERS, every=every, channels=CHANNELS, enough=enough)
            )
            try:
                yield
                enough.set()
                await coming
            finally:
                coming.cancel()
                # A client may swallow that; what went wrong before is worth more than its end.
                await asyncio.wait([coming], timeout=REST)

    async def readiness(self, service: str, role: str) -> dict[str, str]:
        """What keeps the process from being ready; empty if it is."""
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            response = await client.get(f"{self.where.ops[service, role]}/readyz")
        checks: dict[str, str] = response.json()["checks"]
        wrong = {name: outcome for name, outcome in checks.items() if outcome != "ok"}
        assert (response.status_code == 200) == (not wrong), f"{response.status_code}: {checks}"
        return wrong

    async def more_are_taken(self, count: int, *channels: str, within: float = REST) -> None:
        """Returns when that many more customers were taken, on these channels (else on any)."""
        before = self.taken(*channels)
        await eventually(lambda: self.taken(*channels) >= before + count, within=within)

    def taken(self, *channels: str) -> int:
        """How many customers were taken so far, on these channels (else on any)."""
        return sum(not channels or channel in channels for channel in self.memory.taken.values())

    async def metric(self, service: str, role: str, name: str, **labels: str) -> float:
        """The sum of a process's samples of that name which carry these labels."""
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            response = await client.get(f"{self.where.ops[service, role]}/metrics")
        samples = [
            sample
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(sample.value for sample in samples)

    async def value(self, service: str, query: str, *args: Any) -> Any:
        """One value from a service's database."""
        async with self.connected(service) as connection:
            return await connection.fetchval(query, *args)

    @asynccontextmanager
    async def connected(self, service: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
        """A connection of our own to a service's database, past every proxy."""
        connection = await asyncpg.connect(self.parts.postgres.dsn(service))
        try:
            yield connection
        finally:
            await connection.close()

    async def judged(self) -> None:
        """At rest every rule holds, and nobody's memory is contradicted. AssertionError otherwise.

        Each finding is reported once, so that a drill answers for itself alone.
        """
        await eventually(self._nothing_undone, within=REST, every=0.3)
        await wait_until_quiet(self.where, within=REST)
        stored = await kept(self.where.dsn["intake"])
        evidence = await gather(self.where)
        evidence = replace(evidence, dead_letters=evidence.dead_letters - self.spoilt)
        mails = [mail for box in list(self.post._boxes.mails.values()) for mail in list(box)]
        broken = {f"{one.rule}: {one.detail}" for one in judge(evidence)}
        broken |= set(forgotten(self.memory, stored, evidence, mails))
        new, self.found = broken - self.found, self.found | broken
        assert not new, "\n".join(sorted(new))

    async def all_published(self) -> None:
        """Every outbox is published. AssertionError otherwise."""
        for service in SERVICES:
            assert await self.value(service, UNPUBLISHED) == 0, f"{service} has events to publish"

    async def _nothing_undone(self) -> None:
        for service, query in UNDONE.items():
            assert await self.value(service, query) == 0, f"{service} has not come to an end"


async def open_centre(ground: Ground) -> None:
    """One queue for everybody, and agents who may spend."""
    queue = {
        "name": "Drills",
        "topics": [{"topic": TOPIC, "need": dict(NEED)}],
        "skills": {},
        "service_target_seconds": 14_400,
        "offer_timeout_seconds": 30,
    }
    authority = {"kind": "refund", "currency": "EUR", "limit": 20_000, "daily_budget": 10**9}
    card = {
        "name": "Ana",
        "skills": {},
        "languages": ["en"],
        "capacity": dict.fromkeys(("email", "web", "api"), 8),
        "authorities": [authority],
    }
    rule = {"rank": 1, "topic": TOPIC, "recipient": ADDRESS}
    issuer, api = ground.platform.issuer, ground.where.api
    token = issuer.mint("drills", ["routing.admin", "intake.admin"])
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=15, trust_env=False) as admin:
        wanted: list[tuple[str, object]] = [(f"{api['routing']}/v1/queues/drills", queue)]
        wanted += [
            (f"{api['routing']}/v1/agents/{agent_id}", card) for agent_id in (*AGENTS, WATCHER)
        ]
        wanted += [(f"{api['intake']}/v1/topic-rules", {"rules": [rule]})]
        for url, body in wanted:
            (await admin.put(url, json=body)).raise_for_status()


@contextmanager
def a_ground(parts: LocalParts, build: Callable[..., Platform] = Platform) -> Iterator[Ground]:
    """Everything on these parts, which are started here; all of it has ended afterwards."""
    with ExitStack() as opened:
        broker = _proxied_broker(parts, opened)
        opened.enter_context(parts)
        post = opened.enter_context(Post())
        mail = opened.enter_context(Proxy(post.here))
        database = (LOOPBACK, parts.postgres.port)
        databases = {name: opened.enter_context(Proxy(database)) for name in SERVICES}
        platform = opened.enter_context(
            build(parts, mail=mail.here, extra_env=dict(_environments()))
        )
        ground = Ground(platform, post, mail, databases, broker)
        asyncio.run(open_centre(ground))
        yield ground


def _environments() -> Iterable[tuple[str, dict[str, str]]]:
    for service in SERVICES:
        known = {"RAPPORT_KAFKA__CLIENT_ID": f"rapport-{service}"}
        timeouts = {"RAPPORT_KAFKA__REQUEST_TIMEOUT_MS": "4000"}
        yield service, ENVIRONMENT[service] | known | timeouts


def _proxied_broker(parts: LocalParts, opened: ExitStack) -> Proxy:
    """A proxy before the broker's side listener; a broker without one is not proxied."""
    port = free_port()
    listener = parts.broker.open_side_listener(port) if isinstance(parts.broker, Kafka) else port
    return opened.enter_context(Proxy((LOOPBACK, listener), port))
