"""The agents of the demonstration: each watches a desk, takes offers and solves what was asked."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2

from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.task_set import TaskSet
from deploy.local.demo.words import REPLIES, THANKS
from deploy.local.people.desks import Desk

Json = dict[str, Any]
FORBIDDEN, CONFLICT, MISSING = 403, 409, 404


@dataclass
class Agent:
    """One agent at a desk. `pace` stretches or shrinks every pause (seconds between steps)."""

    desk: Desk
    view: ConsoleView
    pace: float = 1.0
    chance: random.Random = field(default_factory=random.Random)
    _seen: set[str] = field(default_factory=set)
    tasks: TaskSet = field(default_factory=TaskSet)

    async def run(self) -> None:
        """Be ready and work until cancelled; what was begun is dropped then."""
        await self.desk.presence("ready")
        try:
            while True:
                with suppress(httpx2.TransportError):
                    async with self.desk.states() as states:
                        async for state in states:
                            self._look_at(state)
                await asyncio.sleep(self.pace)
        finally:
            await self.tasks.drop()

    def _look_at(self, state: Json) -> None:
        for offer in state["offers"]:
            self._once(offer["offer_id"], self._consider(offer))
        for assignment in state["assignments"]:
            self._once(f"work {assignment['assignment_id']}", self._solve(assignment))
        if state["presence"] == "away":
            self.tasks.begin(self._quietly(self._come_back()))

    def _once(self, key: str, work: Any) -> None:
        if key in self._seen:
            work.close()
        else:
            self._seen.add(key)
            self.tasks.begin(self._quietly(work))

    async def _quietly(self, work: Any) -> None:
        try:
            await work
        except httpx2.HTTPStatusError as refused:
            if refused.response.status_code not in (CONFLICT, MISSING):
                self.view.say(f"{self.desk.agent_id}: {problem(refused)}")
        except httpx2.TransportError:
            return

    async def _come_back(self) -> None:
        await self._pause(3, 6)
        await self.desk.presence("ready")

    async def _consider(self, offer: Json) -> None:
        self.view.count("offered")
        mood = self.chance.random()
        if mood < 0.04:
            self.view.say(f"{self.desk.agent_id} does not see an offer: it will expire")
            return
        await self._pause(0.3, 1.5)
        if mood < 0.10:
            await self.desk.decline(offer["offer_id"], "busy with a colleague")
            self.view.say(f"{self.desk.agent_id} declines an offer: it goes to another")
            return
        await self.desk.accept(offer["offer_id"])
        self.view.count("accepted")

    async def _solve(self, assignment: Json) -> None:
        contact_id = assignment["contact_id"]
        if assignment.get("state") == "wrapping":
            await self.desk.wrap_up(contact_id)
            return
        contact = await self.desk.contact(contact_id)
        await self._pause(0.5, 2)
        if contact["wrote_again"] and not await self._read(contact):
            return
        await self.desk.help_step(contact_id, "hear", "read the whole history")
        await self.desk.reply(contact_id, REPLIES.get(contact["language"], REPLIES["en"]))
        await self.desk.help_step(contact_id, "empathise")
        await self._pause(1, 4)
        if not await self._provide(contact):
            return
        await self.desk.help_step(contact_id, "lead")
        await self._pause(0.5, 2)
        await self.desk.resolve(contact_id, "solved")
        self.view.count("resolved")
        await self._pause(0.5, 1.5)
        await self.desk.wrap_up(contact_id)

    async def _read(self, contact: Json) -> bool:
        """Say what the customer wrote after the claim; whether there is anything left to do."""
        written = [message["text"] for message in contact["messages"] if message["inbound"]]
        thanked = written[-1].strip() in THANKS.values()
        await self.desk.wrote_again(
            contact["contact_id"], "nothing_new" if thanked else "still_open"
        )
        if thanked:
            self.view.say(f"{self.desk.agent_id} reads thanks: there is nothing new")
        return not thanked

    async def _provide(self, contact: Json) -> bool:
        """Spend what the contact needs; escalate when it is more than this agent may give."""
        need = contact.get("need")
        if not need or contact.get("actions"):
            return True
        asked = dict(need)
        if self.chance.random() < 0.08:
            asked["amount"] *= 40
        try:
            await self.desk.action(contact["contact_id"], asked)
        except httpx2.HTTPStatusError as refused:
            if refused.response.status_code != FORBIDDEN:
                raise
            self.view.say(f"{self.desk.agent_id}: {problem(refused)}; escalates")
            needed = {**need, "amount": min(asked["amount"], 20_000)}
            await self.desk.escalate(contact["contact_id"], needed)
            return False
        await self.desk.help_step(contact["contact_id"], "provide")
        return True

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self.chance.uniform(least, most) * self.pace)


def problem(refused: httpx2.HTTPStatusError) -> str:
    """The refusal in the platform's own words."""
    try:
        body = refused.response.json()
    except ValueError:
        return f"HTTP {refused.response.status_code}"
    return str(body.get("detail") or body.get("title") or refused.response.status_code)
