"""The customers of the demonstration: they arrive, are answered, and say whether it is solved."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

from deploy.local.demo.centre import ADDRESS
from deploy.local.demo.console_view import ConsoleView
from deploy.local.demo.task_set import TaskSet
from deploy.local.demo.words import CUSTOMERS, STILL_OPEN, THANKS, WORDS
from deploy.local.people.customers import (
    Customer,
    Words,
    answer_check_in,
    contact_of,
    post_contact,
    publish_contact,
    write_mail,
)
from deploy.local.people.mailboxes import Mail

CHANNELS = ("email", "web", "api")
AGAIN = 0.06
"""The share of later customers who hand the same in twice; the first on each channel always does."""
OK = 200


@dataclass
class Sent:
    """What the customers handed in and the platform accepted, as they themselves remember it."""

    mails: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    deliveries: Counter[str] = field(default_factory=Counter)
    """How often something was handed in, by channel: what was sent again counts again."""
    repeats: Counter[str] = field(default_factory=Counter)
    """How often of those it had been handed in before."""

    def handed_in(self, channel: str, time: int) -> None:
        """The platform accepted it, for the first time (0) or again."""
        self.deliveries[channel] += 1
        self.repeats[channel] += time > 0


@dataclass
class Traffic:
    """Customers who write by mail, web form and another system, at a pace a person can watch."""

    smtp_port: int
    intake: httpx2.AsyncClient
    bootstrap: str
    view: ConsoleView
    chance: random.Random = field(default_factory=random.Random)
    sent: Sent = field(default_factory=Sent)
    tasks: TaskSet = field(default_factory=TaskSet)

    async def arrive(self, every: float, until: float) -> None:
        """New contacts about `every` seconds until the clock of the view shows `until` (0: for ever).

        However soon that is, one on each channel comes, and comes twice.
        """
        turn = 0
        while turn < len(CHANNELS) or not until or self.view.elapsed < until:
            channel, customer = CHANNELS[turn % 8 % len(CHANNELS)], CUSTOMERS[turn % len(CUSTOMERS)]
            twice = turn < len(CHANNELS) or self.chance.random() < AGAIN
            self.tasks.begin(self._contact(channel, customer, 2 if twice else 1))
            turn += 1
            await asyncio.sleep(self.chance.uniform(0.4, 1.6) * every)

    def got(self, mail: Mail) -> None:
        """A customer finds a mail of ours."""
        if mail.link:
            self.tasks.begin(self._answer(mail, mail.link))
        elif mail.headers.get("auto-submitted", "no").startswith("auto-"):
            self.view.count("acknowledged")

    async def _contact(self, channel: str, customer: Customer, times: int) -> None:
        words = self.chance.choice(WORDS[customer.language])
        self.view.count("arrived")
        self.view.say(f"{customer.name} ({customer.language}) by {channel}: {words.subject}")
        hand_in = {"email": self._mail, "web": self._form, "api": self._publish}[channel]
        await hand_in(customer, words, times)

    async def _mail(self, customer: Customer, words: Words, times: int) -> None:
        mail_id = ""
        for time in range(times):
            mail_id = await write_mail(
                self.smtp_port, customer, words, to=ADDRESS, message_id=mail_id
            )
            self.sent.mails.add(mail_id)
            self.sent.handed_in("email", time)

    async def _form(self, customer: Customer, words: Words, times: int) -> None:
        key = str(uuid4())
        contact = contact_of(customer, words, reference=key, channel="web")
        for time in range(times):
            accepted = await post_contact(self.intake, contact, key=key)
            self.sent.contacts.add(accepted["contact_id"])
            self.sent.handed_in("web", time)

    async def _publish(self, customer: Customer, words: Words, times: int) -> None:
        reference = str(uuid4())
        for time in range(times):
            await publish_contact(self.bootstrap, customer, words, reference=reference)
            self.sent.events.add(reference)
            self.sent.handed_in("api", time)

    async def _answer(self, mail: Mail, link: str) -> None:
        await asyncio.sleep(self.chance.uniform(1, 4))
        customer = next(one for one in CUSTOMERS if one.address == mail.to)
        mood = self.chance.random()
        if mood < 0.10:
            await self._thank(customer, mail)
            return
        if mood < 0.25:
            self.view.say(f"{customer.name} does not answer the check-in")
            return
        solved = mood < 0.85
        csat = self.chance.choice((4, 5, 5)) if solved else self.chance.choice((1, 2))
        comment = "" if solved else STILL_OPEN[customer.language]
        if await answer_check_in(link, solved=solved, csat=csat, comment=comment) == OK:
            self.view.count("confirmed" if solved else "refuted")
            verdict = "it is solved" if solved else "it is not solved: the contact reopens"
            self.view.say(f"{customer.name}: {verdict}")

    async def _thank(self, customer: Customer, question: Mail) -> None:
        """Write a mail instead of answering the question: an agent reads it."""
        thanks = Words(topic="", subject=f"Re: {question.subject}", text=THANKS[customer.language])
        written = await write_mail(self.smtp_port, customer, thanks, to=ADDRESS, answering=question)
        self.sent.mails.add(written)
        self.sent.deliveries["email"] += 1
        self.view.say(f"{customer.name} writes: {thanks.text}")
