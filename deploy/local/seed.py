"""What `make up` begins with: a small centre in which somebody waits to be helped.

Two queues, two agents and a customer. Offers stand for half an hour, since whoever plays reads in between.
"""

import asyncio
from datetime import timedelta

import httpx2

from deploy.local.centre import Centre, Json, open_centre
from deploy.local.failure import LaunchFailure
from deploy.local.people.customers import Customer, Words, contact_of, post_contact
from deploy.local.people.desks import Desk
from deploy.local.platform import Platform

ADDRESS = "help@rapport.example"
AGENT = "mara"
HALF_AN_HOUR = 1_800
TTL = timedelta(minutes=5)
LOOKS = 300
"""Ten a second."""


def _queue(name: str, topic: str, rank: int, skills: Json) -> Json:
    return {
        "name": name,
        "topics": [{"topic": topic}],
        "skills": skills,
        "service_target_seconds": 600,
        "offer_timeout_seconds": HALF_AN_HOUR,
        "rank": rank,
    }


def _agent(name: str, languages: list[str], skills: Json, limit: int) -> Json:
    refund = {"kind": "refund", "limit": limit, "daily_budget": limit * 10, "currency": "EUR"}
    return {
        "name": name,
        "skills": skills,
        "languages": languages,
        "capacity": {"email": 5, "web": 5, "chat": 5, "api": 5},
        "authorities": [refund],
    }


CENTRE = Centre(
    queues={
        "billing": _queue("Billing", "billing", 10, {"billing": 2}),
        "general": _queue("Everything else", "*", 90, {}),
    },
    agents={
        AGENT: _agent("Mara Feld", ["en", "de"], {"billing": 4}, 5_000),
        "tom": _agent("Tom Ashby", ["en"], {}, 1_000),
    },
    topic_rules=[{"rank": 1, "topic": "billing", "words": ["charged", "invoice", "refund"]}],
)
CUSTOMER = Customer(
    name="Ada Whitfield", address="ada@post.example", language="en", time_zone="Europe/London"
)
WORDS = Words(
    topic="billing",
    subject="Charged twice",
    text="I was charged twice for order 1042. Please return the second payment of 19.99 euros.",
    need={"kind": "refund", "amount": 1_999, "currency": "EUR"},
)


def seed(platform: Platform) -> None:
    """Open the centre, with its first agent ready and its first customer waiting."""
    asyncio.run(_seed(platform))


async def _known_to(intake: httpx2.AsyncClient) -> None:
    """Returns when intake has heard of the queues: then it promises what they aim at."""
    for _ in range(LOOKS):
        if (await intake.get("/v1/waits")).json()["waits"]:
            return
        await asyncio.sleep(0.1)
    raise LaunchFailure("Intake hears nothing of the queues; its log says why.")


async def _seed(platform: Platform) -> None:
    where, mint = platform.addresses.api, platform.issuer.mint
    admin = mint("seed", ["routing.admin", "intake.admin", "contacts.write"], TTL)
    headers = {"Authorization": f"Bearer {admin}"}
    async with (
        httpx2.AsyncClient(base_url=where["routing"], headers=headers, trust_env=False) as routing,
        httpx2.AsyncClient(base_url=where["intake"], headers=headers, trust_env=False) as intake,
        Desk(where["routing"], AGENT, mint(AGENT, ["desk"], TTL)) as desk,
    ):
        await open_centre(CENTRE, routing, intake)
        await desk.presence("ready")
        await _known_to(intake)
        contact = contact_of(CUSTOMER, WORDS, reference="seed-1", channel="web")
        await post_contact(intake, contact, key="seed-1")
