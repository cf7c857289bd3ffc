"""The small contact centre of the demonstration: five queues, sixteen agents, and their rules."""

from deploy.local.centre import Centre, Json
from deploy.local.demo.words import SMALL, TOPIC_WORDS

ADDRESS = "help@rapport.example"
OFFER_TIMEOUT_SECONDS = 8


def _queue(
    name: str,
    topic: str,
    rank: int,
    skills: dict[str, int],
    *,
    target: int,
    need: Json | None = None,
) -> Json:
    return {
        "name": name,
        "topics": [{"topic": topic, "need": need}],
        "languages": [],
        "skills": skills,
        "service_target_seconds": target,
        "offer_timeout_seconds": OFFER_TIMEOUT_SECONDS,
        "rank": rank,
    }


QUEUES: dict[str, Json] = {
    "billing": _queue("Billing", "billing", 10, {"billing": 2}, target=30, need=dict(SMALL)),
    "delivery": _queue("Delivery", "delivery", 20, {"logistics": 1}, target=30),
    "technical": _queue("Technical help", "technical", 30, {"product": 2}, target=45),
    "care": _queue("Customer care", "complaint", 40, {"care": 2}, target=20),
    "general": _queue("General", "*", 90, {}, target=60),
}


def _agent(name: str, languages: str, skills: dict[str, int], limit: int, email: int) -> Json:
    """An agent; `limit` is what they may refund alone, in cents, `email` how many mails at once."""
    authorities = [
        {"kind": kind, "limit": limit, "daily_budget": limit * 12, "currency": "EUR"}
        for kind in ("refund", "credit")
    ]
    return {
        "name": name,
        "skills": skills,
        "languages": languages.split(),
        "capacity": {"email": email, "web": 2, "chat": 2, "api": 2},
        "authorities": authorities if limit else [],
    }


AGENTS: dict[str, Json] = {
    "agent-01": _agent("Mara Feld", "en de", {"billing": 4, "care": 3}, 5_000, 3),
    "agent-02": _agent("Tom Ashby", "en", {"billing": 3}, 2_000, 3),
    "agent-03": _agent("Ines Roth", "de en", {"billing": 2, "logistics": 2}, 2_500, 2),
    "agent-04": _agent("Priya Reddy", "te en", {"billing": 3, "care": 2}, 3_000, 3),
    "agent-05": _agent("Anand Varma", "te", {"logistics": 3, "product": 2}, 0, 2),
    "agent-06": _agent("Oyuna Bold", "mn en", {"billing": 3, "logistics": 2}, 3_000, 3),
    "agent-07": _agent("Temur Gan", "mn", {"product": 3, "logistics": 1}, 0, 2),
    "agent-08": _agent("Nora Quist", "en", {"logistics": 3}, 1_000, 3),
    "agent-09": _agent("Felix Brandt", "de", {"product": 4, "logistics": 2}, 1_000, 2),
    "agent-10": _agent("Ruth Osei", "en", {"product": 3, "care": 2}, 2_500, 2),
    "agent-11": _agent("Karl Lindner", "de en", {"care": 4, "billing": 2}, 4_000, 2),
    "agent-12": _agent("Divya Naidu", "te en", {"product": 3, "logistics": 2}, 1_000, 2),
    "agent-13": _agent("Saruul Dorj", "mn en", {"care": 3, "product": 2}, 2_500, 2),
    "agent-14": _agent("Leo Marsh", "en", {"billing": 2, "logistics": 2}, 2_000, 2),
    "agent-15": _agent(
        "Helen Voss", "en de te mn", {"billing": 5, "care": 5, "product": 3}, 50_000, 2
    ),
    "agent-16": _agent("Arun Mehta", "en te", {"billing": 4, "care": 4, "logistics": 3}, 30_000, 2),
}

TOPIC_RULES: list[Json] = [
    {"rank": rank, "topic": topic, "words": list(words)}
    for rank, (topic, words) in enumerate(TOPIC_WORDS.items(), 1)
]

CENTRE = Centre(QUEUES, AGENTS, TOPIC_RULES)
