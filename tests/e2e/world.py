"""One platform for all journeys of a run, and the judgement at its end."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx2

from deploy.local.evidence import Evidence, gather
from deploy.local.invariants import RULES, judge
from deploy.local.parts import LocalParts
from deploy.local.platform import Addresses, Platform
from deploy.local.processes import Child
from deploy.local.quiet import wait_until_quiet
from shared.settings import KafkaSettings
from tests.e2e.post import Post
from tests.support.kafka import settings_of

SILENCE = "silence"
"""The queue in which the window of a check-in closes at once."""
ASKED_LATE = "asked-late"
"""The queue whose customers are asked so late that they can write before it."""
MAX_CENTRES = 200
"""Centres of a run, one for each test."""
ENVIRONMENT = {
    "intake": {
        "RAPPORT_DELIVERY__POLL_SECONDS": "0.1",
        "RAPPORT_DELIVERY__FIRST_RETRY_SECONDS": "1",
    },
    "followup": {
        "RAPPORT_CHECK_IN__DELAY_SECONDS": "0.2",
        # Longer than a run, so that no window closes behind a test's back.
        "RAPPORT_CHECK_IN__WINDOW_SECONDS": "3600",
        "RAPPORT_CHECK_IN__RULES": (
            f'[{{"queue_id": "{SILENCE}", "delay_seconds": 0.2, "window_seconds": 1}},'
            f' {{"queue_id": "{ASKED_LATE}", "delay_seconds": 8, "window_seconds": 3600}}]'
        ),
        "RAPPORT_CHECK_IN__QUIET_HOURS": "false",
    },
    "routing": {"RAPPORT_FORECAST_SECONDS": "1"},
    "analytics": {"RAPPORT_JOB_INTERVAL_SECONDS": "1"},
}


@dataclass
class World:
    """The platform, its customers' mail provider, and what the journeys did to it on purpose."""

    platform: Platform
    post: Post
    names: Iterator[str] = field(default_factory=lambda: map("c{:03}".format, itertools.count()))
    """Topics that no journey has taken yet; mail to `<name>@rapport.example` is about that topic."""
    spoilt: int = 0
    """Dead letters that journeys made on purpose: so many are no finding."""

    @property
    def where(self) -> Addresses:
        return self.platform.addresses

    @property
    def kafka(self) -> KafkaSettings:
        return settings_of(self.platform.parts.broker)

    async def prepare(self) -> None:
        """Tell intake which address is about which topic, before the first mail makes it look."""
        names = map("c{:03}".format, range(MAX_CENTRES))
        rules = [
            {"rank": rank, "topic": name, "recipient": f"{name}@rapport.example"}
            for rank, name in enumerate(names)
        ]
        async with self.client("intake", "intake.admin") as intake:
            (await intake.put("/v1/topic-rules", json={"rules": rules})).raise_for_status()

    def client(self, service: str, *scopes: str) -> httpx2.AsyncClient:
        """A program that may do what the scopes say."""
        token = self.platform.issuer.mint("journeys", scopes)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(
            base_url=self.where.api[service], headers=headers, timeout=20, trust_env=False
        )

    @contextmanager
    def stopped(self, service: str, role: str) -> Iterator[Child]:
        """The process is asked to stop; after the block it has ended and another one is there."""
        child = self.platform.running[service, role]
        child.ask_to_stop()
        try:
            yield child
        finally:
            child.ends(within=25)
            self.platform.spawn(service, role)
            self.platform.wait_until_ready(service, role)

    def judgement(self) -> str:
        """What was true at the end, in one line. AssertionError if a rule was broken."""
        asyncio.run(wait_until_quiet(self.where))
        self.platform.stop()
        evidence = asyncio.run(gather(self.where))
        findings = judge(replace(evidence, dead_letters=evidence.dead_letters - self.spoilt))
        broken = [f"{one.rule}: {one.detail}" for one in findings]
        broken += [f"a mail came twice: {mail}" for mail in self.post.came_twice()]
        broken += [f"{name} ended badly" for name in self._ended_badly()]
        assert not broken, "\n".join(broken)
        return f"{len(RULES)} rules hold at rest, {_size(evidence)}"

    def _ended_badly(self) -> list[str]:
        processes = self.platform.running.items()
        return [" ".join(name) for name, child in processes if child.popen.returncode != 0]


@contextmanager
def a_world(parts: LocalParts) -> Iterator[World]:
    """A platform on running parts; all of it has ended afterwards, whatever happened."""
    with Post() as post, Platform(parts, mail=post.here, extra_env=ENVIRONMENT) as platform:
        world = World(platform, post)
        asyncio.run(world.prepare())
        yield world


def _size(evidence: Evidence) -> str:
    contacts = len(evidence.of("intake", "contacts"))
    return f"{contacts} contacts, {len(evidence.published)} events"
