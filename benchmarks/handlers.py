"""L3: each service's own handler in the loop that L1 measures with the smallest one."""

import asyncio
from functools import partial

from benchmarks import machine
from benchmarks.loop.histories import histories
from benchmarks.loop.submissions import COUNTED, SUBMITTED, distinct, publish, submissions
from benchmarks.plan import Measure, Plan
from benchmarks.ratios import Figure, Rounds, ratio, table_of_rounds
from benchmarks.stage import Stage, count, stage
from deploy.local.failure import LaunchFailure
from services.analytics.entrypoints import consumer as analytics
from services.followup.entrypoints import consumer as followup
from services.routing.entrypoints import consumer as routing
from shared.contracts import topics
from shared.contracts.cloudevents import glimpse
from shared.contracts.event import Event, type_of
from shared.contracts.topics import ANALYTICS, FOLLOWUP, INTAKE, ROUTING, Topic
from shared.messaging.consumer.handlers import types_in
from shared.messaging.kafka import Message
from shared.messaging.kafka_topics import create_topics

COUNTER = "counter"
GOALS = {INTAKE: 0.5, ROUTING: 0.7, FOLLOWUP: 0.7, ANALYTICS: 0.7}
LEFT_OUT = "all of the handler but a sum and an event"
LIMIT = 40.0
EVENTS_OF_A_HISTORY = 17
SUBSCRIBED: dict[str, tuple[tuple[Topic, ...], frozenset[type[Event]]]] = {
    ROUTING: (routing.TOPICS, types_in(*routing.HANDLERS)),
    FOLLOWUP: (followup.TOPICS, types_in(*followup.HANDLERS)),
    ANALYTICS: (analytics.TOPICS, types_in(analytics.HANDLERS)),
}


def measure(plan: Plan) -> list[Figure]:
    """All rounds of the handlers."""
    with stage() as on:
        expected = fill(on, plan.events)
        once(on, plan, COUNTER, expected[COUNTER])
        variants: dict[str, Measure] = {
            name: partial(once, on, plan, name, number) for name, number in expected.items()
        }
        rounds = plan.rounds_of(variants)
    machine.tell(table_of_rounds("Handlers in the loop", "events a second", rounds))
    return figures(rounds)


def fill(on: Stage, events: int) -> dict[str, int]:
    """Put submissions and histories into their topics; how many events each service will consume."""
    asyncio.run(create_topics(on.kafka, [*topics.LIVE, SUBMITTED, COUNTED]))
    published = histories(max(events // EVENTS_OF_A_HISTORY, 1))
    asyncio.run(_publish(on, published, events))
    consumed = {name: consumed_of(published, *those) for name, those in SUBSCRIBED.items()}
    return {COUNTER: distinct(events), INTAKE: distinct(events), **consumed}


def once(on: Stage, plan: Plan, name: str, expected: int) -> float:
    """One service's handler, in a database and a group of its own: handled events a second."""
    dsn = on.messaging_database() if name == COUNTER else on.database(name)
    label = on.label(name)
    asyncio.run(create_topics(on.kafka, [topics.dead_letters_of(label)]))
    plan.settle()
    found = on.run(
        "benchmarks.loop.ours",
        *("--workload", name, "--expected", str(expected), "--limit", str(LIMIT)),
        *("--dsn", dsn, "--kafka", on.kafka.model_dump_json(), "--label", label),
    )
    marks = count(dsn, "select count(*) from inbox")
    if marks < found["handled"]:
        raise LaunchFailure(f"{name}: {found['handled']} were handled, {marks} are marked")
    on.drop(dsn)
    machine.tell(
        f"  {name}: {found['per_second']:,.0f}/s, {found['handled']} events, "
        f"{found['processor_us']:.0f} µs of processor time an event"
    )
    return float(found["per_second"])


def figures(rounds: Rounds) -> list[Figure]:
    """Each handler as a share of the smallest."""
    return [
        Figure("L3", f"{name} : counter", ratio(rounds, name, COUNTER), goal, leaves_out=LEFT_OUT)
        for name, goal in GOALS.items()
    ]


async def _publish(on: Stage, published: dict[str, list[Message]], events: int) -> None:
    await publish(on.kafka, SUBMITTED.name, submissions(events))
    for topic, messages in published.items():
        await publish(on.kafka, topic, iter(messages))


def consumed_of(
    published: dict[str, list[Message]],
    subscribed: tuple[Topic, ...],
    wanted: frozenset[type[Event]],
) -> int:
    """How many of the records a subscription to these topics consumes."""
    types = {type_of(each) for each in wanted}
    records = (message for topic in subscribed for message in published.get(topic.name, ()))
    return sum(glimpse(each.headers, each.value).type in types for each in records)
