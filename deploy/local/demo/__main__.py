"""`python -m deploy.local.demo`: the platform with people in it, and the truth at the end."""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx2

from deploy.local.centre import open_centre
from deploy.local.demo.agents import Agent
from deploy.local.demo.centre import AGENTS, CENTRE
from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.memory import forgotten
from deploy.local.demo.picture import draw
from deploy.local.demo.report import ask_figures, print_report, print_verdict
from deploy.local.demo.traffic import Traffic
from deploy.local.evidence import gather
from deploy.local.failure import LaunchFailure
from deploy.local.instance import LOCAL
from deploy.local.invariants import judge
from deploy.local.parts import LocalParts, say_plainly
from deploy.local.people.desks import Desk
from deploy.local.people.mailboxes import Mailboxes
from deploy.local.platform import Addresses, Platform
from deploy.local.quiet import wait_until_quiet
from deploy.local.signposts import farewell, signposts
from deploy.local.tokens import TokenIssuer

EVERY = 1.1
"""Seconds between two customers, on average."""
LAST_WORDS = 22.0
"""Seconds before the end when the last customer arrives, so that most are answered."""
TTL = timedelta(days=1)
ENVIRONMENT = {
    "intake": {"RAPPORT_PROMISE__MINIMUM_SECONDS": "20"},
    "followup": {
        "RAPPORT_CHECK_IN__DELAY_SECONDS": "4",
        "RAPPORT_CHECK_IN__WINDOW_SECONDS": "12",
        "RAPPORT_CHECK_IN__QUIET_HOURS": "false",
    },
    "routing": {"RAPPORT_FORECAST_SECONDS": "3"},
}


class Running(Protocol):
    """A platform that runs, wherever it does."""

    issuer: TokenIssuer

    @property
    def addresses(self) -> Addresses: ...
    def stop(self) -> None: ...


@dataclass
class Demo:
    """One run: `seconds` long, or until interrupted when 0; `drawing` is where its picture goes.

    A customer comes about `every` seconds.
    """

    platform: Running
    mailboxes: Mailboxes
    seconds: float
    drawing: Path | None = None
    every: float = EVERY

    def __post_init__(self) -> None:
        self.view = ConsoleView(self.seconds, addresses=self.platform.addresses.api)

    async def run(self, stop: asyncio.Event) -> bool:
        """Play, let it settle, stop the services, check. True if every promise of ours held."""
        async with (
            self._client("routing", ["routing.admin"]) as routing,
            self._client("intake", ["contacts.write", "intake.admin"]) as intake,
        ):
            await open_centre(CENTRE, routing, intake)
            traffic = await self._play(intake, stop)
        async with self._client("analytics", ["figures.read"]) as analytics:
            figures = await ask_figures(analytics)
        say_plainly("Stopping the services, workers last; then asking databases and topics ...")
        await asyncio.to_thread(self.platform.stop)
        evidence = await gather(self.platform.addresses)
        print_report(figures, evidence)
        return print_verdict(judge(evidence) + forgotten(evidence, traffic.sent, self.mailboxes))

    async def _play(self, intake: httpx2.AsyncClient, stop: asyncio.Event) -> Traffic:
        where = self.platform.addresses
        traffic = Traffic(where.smtp[1], intake, where.bootstrap, self.view, random.Random())
        self.mailboxes.listeners.append(traffic.got)
        self.view.begin()
        async with contextlib.AsyncExitStack() as desks:
            working = [asyncio.create_task(agent.run()) for agent in await self._agents(desks)]
            await self._let_arrive(traffic, stop)
            await traffic.tasks.settle()
            await end(working)
        self.view.end()
        say_plainly("No more customers; waiting until every event is published and consumed ...")
        await wait_until_quiet(where)
        return traffic

    async def _let_arrive(self, traffic: Traffic, stop: asyncio.Event) -> None:
        """Customers until shortly before the end, then a while to be answered in."""
        last = max(1.0, self.seconds - LAST_WORDS) if self.seconds else 0.0
        works = [traffic.arrive(self.every, last)]
        works += [self._draw(self.drawing)] if self.drawing else []
        begun = [asyncio.create_task(work) for work in works]
        await wait(stop, self.seconds or None)
        await end(begun)

    async def _draw(self, drawing: Path) -> None:
        """The view in the middle of the run, without the addresses, which no other run has."""
        await asyncio.sleep(self.seconds / 2)
        draw(drawing, replace(self.view, addresses={}), "make demo")

    async def _agents(self, desks: contextlib.AsyncExitStack) -> list[Agent]:
        routing, issuer = self.platform.addresses.api["routing"], self.platform.issuer
        return [
            Agent(
                await desks.enter_async_context(
                    Desk(routing, agent_id, issuer.mint(agent_id, ["desk"], TTL))
                ),
                self.view,
            )
            for agent_id in AGENTS
        ]

    def _client(self, service: str, scopes: Iterable[str]) -> httpx2.AsyncClient:
        token = self.platform.issuer.mint("demo", scopes, TTL)
        return httpx2.AsyncClient(
            base_url=self.platform.addresses.api[service],
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
            trust_env=False,  # loopback needs no proxy
        )


async def wait(stop: asyncio.Event, seconds: float | None) -> None:
    """Until the time is over (None: for ever) or somebody asks to stop."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel and wait; a task that had failed says so here."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def demonstrate(parts: LocalParts, seconds: float, drawing: Path | None) -> bool:
    """Start the platform on running parts, play, and stop it whatever happens."""
    mailboxes, stop = Mailboxes(), asyncio.Event()
    await mailboxes.start()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    platform = Platform(parts, mail=("127.0.0.1", mailboxes.port), extra_env=ENVIRONMENT)
    platform.extra_env["followup"]["RAPPORT_PUBLIC_URL"] = platform.addresses.api["followup"]
    say_plainly("Creating topics and tables, starting the eight processes ...")
    try:
        await asyncio.to_thread(platform.start)
        say_plainly("Ready: " + "  ".join(platform.addresses.api.values()))
        logs = parts.instance.home / "logs"
        for line in signposts(platform.addresses.ops, logs):
            say_plainly(f"  {line}")
        well = await Demo(platform, mailboxes, seconds, drawing).run(stop)
        say_plainly(farewell(logs))
        return well
    finally:
        await asyncio.to_thread(platform.stop)
        await mailboxes.stop()


def main() -> int:
    """The exit status: 0 only if nothing was lost, doubled or above a limit."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.demo",
        description=__doc__,
        epilog="DEMO_SECONDS says how long (90; 0: until Ctrl-C), BROKER on which broker.",
    )
    parser.add_argument("--picture", type=Path, help="an SVG file for the view halfway through")
    drawing = parser.parse_args().picture
    seconds = float(os.environ.get("DEMO_SECONDS") or 90)
    try:
        with LocalParts(LOCAL / "demo", fresh=True) as parts:
            return 0 if asyncio.run(demonstrate(parts, seconds, drawing)) else 1
    except LaunchFailure as failure:
        say_plainly(str(failure))
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
