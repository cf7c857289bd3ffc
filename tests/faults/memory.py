"""What people remember: what the platform accepted and confirmed, held against what it kept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import asyncpg

from deploy.local.evidence import Evidence
from deploy.local.people.mailboxes import Mail
from tests.e2e.post import acknowledgement

KEPT = "select subject, count(*) as n from message where arrival_key is not null group by 1"


@dataclass
class Memory:
    """Of everybody who came. A contact's subject line is a name for it that nobody else uses."""

    came: set[str] = field(default_factory=set)
    taken: dict[str, str] = field(default_factory=dict)
    """Subject → channel, of each that got a 202, a 250 or the broker's acknowledgement."""
    deferred: Counter[str] = field(default_factory=Counter)
    """How often each kind of "not now" was received; `lost` is a connection that broke."""
    complaints: list[str] = field(default_factory=list)
    """Responses nobody should ever get."""
    acted: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    """Actions and resolutions that were confirmed to agents."""

    def remember(self, subject: str, channel: str) -> None:
        """This one was taken."""
        self.came.add(subject)
        self.taken[subject] = channel


async def kept(dsn: str) -> Counter[str]:
    """How often each subject line is stored in intake's database."""
    connection = await asyncpg.connect(dsn)
    try:
        return Counter({row["subject"]: row["n"] for row in await connection.fetch(KEPT)})
    finally:
        await connection.close()


def forgotten(
    memory: Memory, stored: Counter[str], evidence: Evidence, mails: Iterable[Mail]
) -> Iterator[str]:
    """Lost: acknowledged and not there. Doubled: there twice, or acknowledged in two mails."""
    yield from memory.complaints
    for subject, channel in memory.taken.items():
        if stored[subject] == 0:
            yield f"{subject} was taken by {channel} and is not there"
    for subject, n in stored.items():
        if subject in memory.came and n > 1:
            yield f"{subject} is there {n} times"
    yield from _agents(memory, evidence)
    yield from _mail(memory, evidence, mails)


def _agents(memory: Memory, evidence: Evidence) -> Iterator[str]:
    for what, confirmed, query, column in (
        ("action", memory.acted, "actions", "action_id"),
        ("resolution", memory.claimed, "resolutions", "resolution_id"),
    ):
        for lost in confirmed - evidence.column("routing", query, column):
            yield f"the {what} {lost} was confirmed to an agent and is not there"


def _mail(memory: Memory, evidence: Evidence, mails: Iterable[Mail]) -> Iterator[str]:
    """A mail may arrive twice when its sender dies, but then it is the same mail."""
    arrived: set[str] = set()
    answers: dict[str, set[str]] = defaultdict(set)
    for mail in mails:
        arrived.add(mail.message_id.strip("<>").partition("@")[0])
        if acknowledgement(mail):
            answers[mail.to].add(mail.message_id)
    for address, different in answers.items():
        if len(different) > 1:
            yield f"{address} got {len(different)} acknowledgements"
    for subject in memory.taken:
        if not answers[address_of(subject)]:
            yield f"{subject} was never acknowledged by mail"
    for row in evidence.of("intake", "written"):
        if row["state"] == "sent" and str(row["message_id"]) not in arrived:
            yield f"mail {row['message_id']} is sent and did not arrive"


def address_of(subject: str) -> str:
    """Each contact of a drill comes from somebody else."""
    return f"{subject}@post.example"
