"""R1: the relay draining a filled outbox, and how long a committed row takes at half of that load."""

import asyncio
from functools import partial
from statistics import median

from benchmarks import machine
from benchmarks.loop.relays import BYTES, KEYS, TYPE
from benchmarks.loop.submissions import COUNTED
from benchmarks.loop.watch import watch
from benchmarks.plan import Plan
from benchmarks.ratios import Figure, Rounds, ratio, table_of_rounds
from benchmarks.stage import Stage, execute, stage
from deploy.local.failure import LaunchFailure
from deploy.local.processes import Child, tail
from shared.messaging.kafka_topics import create_topics

OURS, DELETING, MEMORY = "relay", "delete..returning, same batches", "the same batches from memory"
VARIANTS = {OURS: "ours", DELETING: "deleting", MEMORY: "memory"}
TRANSACTIONS = 100
LIMIT = 30.0
SECONDS = 10.0
FILL = f"""
insert into outbox (event_id, topic, key, type, value)
select gen_random_uuid(), '{COUNTED.name}', convert_to('c-' || n % {KEYS}, 'UTF8'), '{TYPE}',
  convert_to(repeat('x', {BYTES}), 'UTF8')
from generate_series(1, $1) n
"""  # noqa: S608 - constants of our own


def measure(plan: Plan) -> list[Figure]:
    """All rounds of the relays, then the delay."""
    with stage() as on:
        asyncio.run(create_topics(on.kafka, [COUNTED]))
        once(on, plan, OURS)
        rounds = plan.rounds_of({name: partial(once, on, plan, name) for name in VARIANTS})
        machine.tell(table_of_rounds("Relay", "events a second", rounds))
        full = plan.rounds_of({"full": lambda: pressed(on, plan, 0)["per_second"]})
        rate = round(median(full["full"]) / 2)
        delays = plan.rounds_of({"half": lambda: pressed(on, plan, rate)["p99_ms"]})
    return [
        *figures(rounds),
        Figure("R1", "commit to Kafka, p99 ms", median(delays["half"]), 30, True),
    ]


def once(on: Stage, plan: Plan, name: str) -> float:
    """One relay and an outbox full of rows: events a second."""
    dsn = on.messaging_database()
    if name != MEMORY:
        for _ in range(TRANSACTIONS):
            execute(dsn, FILL.replace("$1", str(plan.events // TRANSACTIONS)))
        execute(dsn, "vacuum analyze outbox")
    plan.settle()
    given = ("--dsn", dsn, "--kafka", on.kafka.model_dump_json(), "--rows", str(plan.events))
    children: list[Child] = []

    def begin() -> None:
        argv = ("--variant", VARIANTS[name], *given)
        children.append(on.begin("benchmarks.loop.relays", *argv))

    seeing = watch(on.kafka, COUNTED.name, begin, expected=plan.events, limit=LIMIT)
    seen = asyncio.run(seeing)
    children[0].stop(within=10)
    if seen.records != plan.events:
        raise LaunchFailure(f"{name}: {seen.records} published\n{tail(children[0])}")
    on.drop(dsn)
    machine.tell(f"  {name}: {seen.per_second:,.0f}/s")
    return seen.per_second


def pressed(on: Stage, plan: Plan, rate: int) -> dict[str, float]:
    """Rows written, relayed and read at once: at what speed, and how long each took from its commit.

    `rate` in rows a second; 0 for as many as this machine can.
    """
    dsn = on.messaging_database()
    plan.settle()
    given = ("--dsn", dsn, "--kafka", on.kafka.model_dump_json())
    relay = on.begin("benchmarks.loop.relays", "--variant", "ours", "--rows", "0", *given)
    try:
        seconds = ("--rate", str(rate), "--seconds", str(min(SECONDS, plan.seconds * 3)))
        run = on.label("delay")
        found = on.run("benchmarks.loop.delay", *seconds, "--run", run, *given, core=machine.OTHER)
    finally:
        relay.stop()
    on.drop(dsn)
    if found["came"] != found["written"]:
        raise LaunchFailure(f"{found['written']} were committed, {found['came']} came")
    machine.tell(
        f"  {found['per_second']:,.0f}/s of {f'{rate:,}/s' if rate else 'all it can'}: "
        f"p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms"
    )
    return {name: float(value) for name, value in found.items()}


def figures(rounds: Rounds) -> list[Figure]:
    """The ratios that the goals speak of."""
    asked = [
        ("relay : delete..returning", DELETING, 2.0, "order across transactions, replay"),
        ("relay : from memory", MEMORY, 0.7, "the database"),
    ]
    return [
        Figure("R1", name, ratio(rounds, OURS, other), goal, leaves_out=left)
        for name, other, goal, left in asked
    ]
