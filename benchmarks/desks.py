"""E0: a contact comes in and stands on an agent's desk, the whole platform on this machine and next to no load.

Every agent follows their desk as a browser does, by server-sent events. The time of a contact runs from its
appointed time to the event that first shows its offer.
"""

import asyncio
import json
import math
import time

import httpx2

from benchmarks.journey import (
    SPARE,
    WARM_SECONDS,
    agent_ids,
    bearer,
    late_by,
    open_centre,
    platform_on,
    press,
    share_of,
    tell_shares,
)
from benchmarks.plan import Plan
from benchmarks.ratios import Figure
from benchmarks.stage import stage
from deploy.local.platform import Platform
from shared.contracts.topics import ROUTING

RATE, SECONDS = 5, 60.0
SLOTS = 5
OPEN_SECONDS, LOOK_SECONDS, LOOKS = 30.0, 0.1, 100

Times = dict[str, float]
"""A moment for each contact, by its id."""


def measure(plan: Plan) -> list[Figure]:
    """One run; the 99th percentile in milliseconds."""
    with stage(pinned=False) as on, platform_on(on) as platform:
        late = once(platform, plan, round(RATE * (WARM_SECONDS + SECONDS)))
    tell_shares(f"Contact in to desk: {len(late):,} contacts, {RATE} a second", late)
    value = 1_000 * share_of(late, 0.99)
    return [Figure("E0", "contact in to desk, p99 ms", value, 150, at_most=True)]


def once(platform: Platform, plan: Plan, contacts: int) -> list[float]:
    """How late each contact came to a desk, in seconds, sorted. LaunchFailure if one did not."""
    agents = math.ceil(contacts * SPARE / SLOTS)
    asyncio.run(open_centre(platform, agents, SLOTS))
    plan.settle()
    return late_by(*asyncio.run(watched(platform, agents, contacts)))


async def watched(platform: Platform, agents: int, contacts: int) -> tuple[Times, Times]:
    """When each contact was due, and when a desk first showed it."""
    shown: Times = {}
    desks = [Desk(shown) for _ in range(agents)]
    url, unlimited = platform.addresses.api[ROUTING], httpx2.Limits(max_connections=None)
    async with (
        httpx2.AsyncClient(base_url=url, timeout=None, limits=unlimited) as http,
        asyncio.TaskGroup() as group,
    ):
        following = [
            group.create_task(desk.follow(http, bearer(platform, agent_id, "desk")))
            for desk, agent_id in zip(desks, agent_ids(agents), strict=True)
        ]
        async with asyncio.timeout(OPEN_SECONDS):
            await asyncio.gather(*(desk.opened.wait() for desk in desks))
        due = await press(platform, RATE, contacts)
        await _all_shown(due, shown)
        for task in following:
            task.cancel()
    return due, shown


class Desk:
    """An agent who looks at their desk and does nothing."""

    def __init__(self, shown: Times) -> None:
        self.opened = asyncio.Event()
        self._shown = shown

    async def follow(self, http: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        """Note when each offer is first seen, until cancelled."""
        async with http.stream("GET", "/v1/desk/events", headers=headers) as stream:
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("data: {"):
                    self._see(time.time(), line.removeprefix("data: "))

    def _see(self, now: float, desk: str) -> None:
        for offer in json.loads(desk)["offers"]:
            self._shown.setdefault(offer["contact_id"], now)
        self.opened.set()


async def _all_shown(due: Times, shown: Times) -> None:
    for _ in range(LOOKS):
        if due.keys() <= shown.keys():
            return
        await asyncio.sleep(LOOK_SECONDS)
