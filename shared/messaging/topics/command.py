"""Topics for the operator: what is planned, what is missing, what differs, and more partitions."""

import argparse
import sys
from collections.abc import Sequence

from shared.database.database import Database
from shared.kernel.listing import listing
from shared.messaging.kafka_topics import create_topics, describe_topics
from shared.messaging.topic_plan import differences, line_of, planned, topics_of
from shared.messaging.topics.grow import grow
from shared.settings import HasDatabaseAndKafka, KafkaSettings

PLAN, CREATE, CHECK, GROW = "plan", "create", "check", "grow"
AS_PLANNED = "All topics are as planned, or better."
GROWING = """\
Give a topic that the service publishes more partitions, without breaking the order of a key. Refused while a
relay of the service publishes, or while a group has not read all: stop every worker that has the part relay,
wait until the lag is 0, ask again, start the workers. docs/operate/topics.md has the whole procedure."""


def topics_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told."""
    actions = parser.add_subparsers(dest="action", metavar="action")
    actions.add_parser(PLAN, help="print how each topic is to be kept (this is the default)")
    actions.add_parser(CREATE, help="create what is missing; what exists stays as it is")
    actions.add_parser(CHECK, help="say in what the topics fall short of the plan")
    growing = actions.add_parser(
        GROW, help="more partitions, once everything is read", description=GROWING
    )
    growing.add_argument("topic", help="such as rapport.contacts")
    growing.add_argument("partitions", type=int, help="how many it has afterwards")
    growing.add_argument(
        "--others-stopped",
        action="store_true",
        help="no publisher outside this service publishes there now: this service cannot see that",
    )


async def topics_command(
    service: str, settings: HasDatabaseAndKafka, asked: argparse.Namespace
) -> int:
    """`[plan|create|check]`, or `grow TOPIC N [--others-stopped]`."""
    match asked.action or PLAN:
        case "create":
            created = await create_topics(settings.kafka, topics_of(service))
            return _say([f"{name} is created" for name in created], "All topics exist.")
        case "check":
            found = await lacking(service, settings.kafka)
            return _say(found, AS_PLANNED) or bool(found)
        case "grow":
            return await _grow(service, settings, asked)
    return _say([line_of(planned(topic, settings.kafka)) for topic in topics_of(service)], "None.")


async def lacking(service: str, kafka: KafkaSettings) -> list[str]:
    """In what the service's topics fall short of their plan, a sentence each. Raises `Unavailable`."""
    plans = [planned(topic, kafka) for topic in topics_of(service)]
    found = await describe_topics(kafka, [plan.name for plan in plans])
    return [each for plan in plans for each in differences(plan, found.get(plan.name))]


async def _grow(service: str, settings: HasDatabaseAndKafka, asked: argparse.Namespace) -> int:
    async with Database.opened(settings.database, service=service) as database:
        await grow(
            service,
            database,
            settings.kafka,
            asked.topic,
            asked.partitions,
            others_stopped=asked.others_stopped,
        )
    return _say([f"{asked.topic} has {asked.partitions} partitions. Start the workers again."], "")


def _say(lines: Sequence[str], nothing: str) -> int:
    sys.stdout.write(listing(lines, nothing=nothing) + "\n")
    return 0
