"""One card per topic: who says what there, who listens, how it is keyed and kept."""

import msgspec

INTAKE, ROUTING, FOLLOWUP, ANALYTICS = "intake", "routing", "followup", "analytics"
SERVICES = (INTAKE, ROUTING, FOLLOWUP, ANALYTICS)
OUTSIDE, READERS = "publishers outside Rapport", "readers outside Rapport"
DAY = 24
SMALL = 4
"""Partitions of a compacted topic whose keys are few."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A Kafka topic. `retention_hours` None means compacted: the last record of a key is kept.

    `partitions` is what it begins with: more of them later move keys, and so cost a stop of its publishers.
    """

    name: str
    key: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    description: str
    partitions: int = 24
    retention_hours: int | None = 14 * DAY
    max_message_bytes: int = 1_048_576


INBOX = Topic(
    name="rapport.inbox",
    key="any value that keeps one customer's contacts in order; never personal data",
    producers=(OUTSIDE,),
    consumers=(INTAKE,),
    description="Contacts submitted by other systems.",
)
CONTACTS = Topic(
    name="rapport.contacts",
    key="contact id",
    producers=(INTAKE,),
    consumers=(ROUTING, FOLLOWUP, ANALYTICS),
    description="Contacts as the customer sees them: received, written to, promised.",
)
CUSTOMERS = Topic(
    name="rapport.customers",
    key="customer id",
    producers=(INTAKE,),
    consumers=(ROUTING, FOLLOWUP),
    description="Who the customers are: name, language, time zone.",
    retention_hours=None,
)
ASSIGNMENTS = Topic(
    name="rapport.assignments",
    key="contact id",
    producers=(ROUTING,),
    consumers=(FOLLOWUP, ANALYTICS),
    description="Who was offered and took which contact, what they did and what they claim.",
)
AGENTS = Topic(
    name="rapport.agents",
    key="agent id",
    producers=(ROUTING,),
    consumers=(READERS,),
    description="Each agent's whole present state: skills, authority, presence.",
    partitions=SMALL,
    retention_hours=None,
)
QUEUES = Topic(
    name="rapport.queues",
    key="queue id",
    producers=(ROUTING,),
    consumers=(INTAKE,),
    description="Each queue's whole present state: what it takes, its target and its forecast.",
    partitions=SMALL,
    retention_hours=None,
)
FOLLOWUPS = Topic(
    name="rapport.followups",
    key="contact id",
    producers=(FOLLOWUP,),
    consumers=(ROUTING, ANALYTICS),
    description="Check-ins, what customers answered, and what became of each claimed resolution.",
)
DELIVERIES = Topic(
    name="rapport.deliveries",
    key="contact id",
    producers=(ROUTING, FOLLOWUP),
    consumers=(INTAKE, ANALYTICS),
    description="Messages to be delivered to a customer, whoever wrote them.",
)


def dead_letters_of(service: str) -> Topic:
    """Where a service puts what it could not take: the record as it came, reason and origin beside it."""
    return Topic(
        name=f"rapport.{service}.dead-letters",
        key="as it came",
        producers=(service,),
        consumers=(),
        description=f"Records that {service} could not take, with reason and origin.",
        partitions=1,
        max_message_bytes=2_097_152,
    )


DEAD_LETTERS = tuple(map(dead_letters_of, SERVICES))
LIVE = (INBOX, CONTACTS, CUSTOMERS, ASSIGNMENTS, AGENTS, QUEUES, FOLLOWUPS, DELIVERIES)
ALL = LIVE + DEAD_LETTERS
BY_NAME = {topic.name: topic for topic in ALL}
