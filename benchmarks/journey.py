"""E1: a contact comes in and is offered to an idle agent, the whole platform on this machine.

An open loop: contacts come at their appointed times whatever happens, and the time of each runs from
its appointed time to the record of its offer in the topic. There are always agents with a free slot.
"""

import asyncio
import json
import math
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx2

from benchmarks import machine, memory
from benchmarks.load import contact
from benchmarks.plan import Plan
from benchmarks.ratios import Figure
from benchmarks.stage import Stage, count, stage
from deploy.local.failure import LaunchFailure
from deploy.local.platform import Platform, spawn_mailbox
from shared.contracts.cloudevents import glimpse
from shared.contracts.topics import ASSIGNMENTS, INTAKE, ROUTING
from shared.messaging.kafka import read_all

SLOTS = 100
CONNECTIONS = 64
CUSTOMERS = 5_000
SPARE = 1.1
WARM_SECONDS = 10.0
"""So long the load is on before delays count: statements are prepared, the broker's code is compiled."""
AT_ONCE = 8
A_MONTH = 2_592_000
HOURS = timedelta(hours=12)
OFFERED = "select count(*) from offer"
QUEUE = {
    "name": "Everything",
    "topics": [{"topic": "*"}],
    "service_target_seconds": 300,
    "offer_timeout_seconds": A_MONTH,
}
AGENT = {"name": "An Agent", "languages": ["en", "de", "mn", "te"]}
AUTHORITY = {"kind": "refund", "limit": 5_000, "daily_budget": 10**9, "currency": "EUR"}


def measure(plan: Plan) -> list[Figure]:
    """One run; the 99th percentile in seconds."""
    with stage(pinned=False) as on, platform_on(on) as platform:
        contacts = round(plan.rate * plan.minutes * 60)
        asyncio.run(open_centre(platform, math.ceil(contacts * SPARE / SLOTS)))
        plan.settle()
        rest, samples = memory.sample(platform), list[memory.Sample]()
        due = asyncio.run(press_watched(platform, plan.rate, contacts, samples))
        late = asyncio.run(delays(on, platform, due))
    machine.tell(memory.table_of(rest, samples))
    tell_shares(f"Contact in to offered: {len(late):,} contacts, {plan.rate} a second", late)
    return [Figure("E1", "contact in to offered, p99 s", share_of(late, 0.99), 0.5, at_most=True)]


def platform_on(on: Stage) -> Platform:
    """All eight processes, and a mail server that nobody writes to."""
    return Platform(on.parts, mail=spawn_mailbox(on.parts))


async def open_centre(platform: Platform, agents: int, slots: int = SLOTS) -> None:
    """One queue for everything, and agents who are ready, through routing's own API."""
    routing = platform.addresses.api[ROUTING]
    admin = bearer(platform, "admin", "routing.admin")
    agent = AGENT | {"capacity": {"chat": slots}, "authorities": [AUTHORITY]}
    async with httpx2.AsyncClient(base_url=routing, timeout=30) as http:
        response = await http.put("/v1/queues/everything", json=QUEUE, headers=admin)
        response.raise_for_status()
        free = asyncio.Semaphore(AT_ONCE)

        async def define(agent_id: str) -> None:
            async with free:
                put = await http.put(f"/v1/agents/{agent_id}", json=agent, headers=admin)
                put.raise_for_status()
                ready = {"presence": "ready"}
                own = bearer(platform, agent_id, "desk")
                (await http.put("/v1/desk/presence", json=ready, headers=own)).raise_for_status()

        await asyncio.gather(*map(define, agent_ids(agents)))


def agent_ids(agents: int) -> list[str]:
    """The agents of a centre."""
    return [f"agent-{number}" for number in range(agents)]


async def press_watched(
    platform: Platform, rate: int, contacts: int, samples: list[memory.Sample]
) -> dict[str, float]:
    """As `press`, while memory is sampled."""
    watching = asyncio.create_task(memory.watch(platform, contacts / rate, samples))
    try:
        return await press(platform, rate, contacts)
    finally:
        await watching


async def press(platform: Platform, rate: int, contacts: int) -> dict[str, float]:
    """Hand in contacts at their times; when each was due, by its id."""
    host, _, port = platform.addresses.api[INTAKE].removeprefix("http://").partition(":")
    token = platform.issuer.mint("load", ["contacts.write"], HOURS)
    head = (
        f"POST /v1/contacts HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    waiting: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    due: dict[str, float] = {}

    async def carry() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        with closing(writer):
            while True:
                number, at = await waiting.get()
                body = json.dumps(_chat(number)).encode()
                writer.write(head + f"{len(body)}\r\n\r\n".encode() + body)
                due[(await _response(reader))["contact_id"]] = at
                waiting.task_done()

    carriers = [asyncio.create_task(carry()) for _ in range(CONNECTIONS)]
    began = time.time() + 1
    for number in range(contacts):
        at = began + number / rate
        await asyncio.sleep(max(0.0, at - time.time()))
        waiting.put_nowait((number, at))
    done = asyncio.create_task(waiting.join())
    await asyncio.wait([done, *carriers], return_when=asyncio.FIRST_COMPLETED)
    for carrier in carriers:
        if carrier.done():
            carrier.result()
        carrier.cancel()
    await asyncio.wait(carriers)
    return due


async def delays(on: Stage, platform: Platform, due: dict[str, float]) -> list[float]:
    """From each contact's appointed time to its offer in the topic, in seconds, sorted; all are offered."""
    dsn = platform.addresses.dsn[ROUTING]
    for _ in range(60):
        if await asyncio.to_thread(count, dsn, OFFERED) >= len(due):
            break
        await asyncio.sleep(1)
    await asyncio.sleep(1)
    offered: dict[str, float] = {}
    for record in await read_all(on.kafka, ASSIGNMENTS.name):
        kind = glimpse(record.headers, record.value).type
        if kind == "rapport.offer.made.v1" and record.key:
            offered.setdefault(record.key.decode(), record.timestamp / 1_000)
    return late_by(due, offered)


def late_by(due: dict[str, float], offered: dict[str, float]) -> list[float]:
    """From each contact's appointed time to its offer, sorted; the first seconds do not count."""
    missing = due.keys() - offered.keys()
    if missing:
        raise LaunchFailure(f"{len(missing)} of {len(due)} contacts were not offered to anybody")
    began, ended = min(due.values()), max(due.values())
    first = began + min(WARM_SECONDS, (ended - began) / 2)
    return sorted(offered[contact_id] - at for contact_id, at in due.items() if at >= first)


def _chat(number: int) -> dict[str, object]:
    """By chat, so that the acknowledgement is the response and no mail server is measured."""
    body: dict[str, Any] = contact(number)
    personal = body["personal"] | {"address": f"visitor-{number % CUSTOMERS}"}
    return body | {"channel": "chat", "personal": personal}


async def _response(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    at = head.find(b"content-length:") + len(b"content-length:")
    body = await reader.readexactly(int(head[at : head.find(b"\r\n", at)]))
    if not head.startswith(b"http/1.1 202"):
        raise LaunchFailure(f"intake answered {head[9:12].decode()}")
    accepted: dict[str, Any] = json.loads(body)
    return accepted


def bearer(platform: Platform, subject: str, scope: str) -> dict[str, str]:
    """The header by which somebody is known."""
    return {"Authorization": f"Bearer {platform.issuer.mint(subject, [scope], HOURS)}"}


def share_of(late: list[float], share: float) -> float:
    """How late the latest of a share of all is."""
    return late[min(len(late) - 1, int(len(late) * share))]


def tell_shares(title: str, late: list[float]) -> None:
    """Say how late they were."""
    machine.tell(f"\n{title}")
    shares: Iterable[float] = (0.5, 0.9, 0.99, 0.999)
    line = "  ".join(f"p{share * 100:g} {share_of(late, share):.3f} s" for share in shares)
    machine.tell(f"  {line}  longest {late[-1]:.3f} s")
