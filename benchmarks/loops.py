"""L1 and L2: consume → dedupe → state → outbox → publish, held against its ceiling and its peers.

The loop has one core, the broker the other; PostgreSQL takes what it gets. All loops read the same
records and are watched from outside at the topic they publish to.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import machine
from benchmarks.loop.submissions import COUNTED, SUBMITTED, distinct, publish, submissions
from benchmarks.loop.watch import Seen, watch
from benchmarks.peers.environments import python_of
from benchmarks.peers.work import TABLES
from benchmarks.plan import Measure, Plan
from benchmarks.ratios import Figure, Rounds, ratio, table_of_rounds
from benchmarks.stage import Stage, count, stage
from deploy.local.failure import LaunchFailure
from deploy.local.processes import Child, tail
from shared.contracts.topics import dead_letters_of
from shared.messaging.kafka_topics import create_topics

OURS, CEILING = "ours", "database ceiling: the same statements alone"
BATCH, WORKERS = "FastStream, batches of 500, our SQL, no outbox", "FastStream, max_workers=20"
OUTBOX = "FastStream, batches of 500, inbox and outbox"
FAUST, NAIVE = "Faust, take(500), our SQL, no outbox", "naive aiokafka + asyncpg, outbox"
LIMIT, OURS_LIMIT, SETTLE_SECONDS = 12.0, 60.0, 0.5
COUNTED_ONCE = "select sum(n) from counter"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A loop of others: where it is installed, what is run, and our goal when we are held against it.

    `share` of the events is what it is given to do, `limit` the seconds it may take. One that `finishes`
    does all of them, and is checked as ours is.
    """

    home: str
    argv: tuple[str, ...]
    goal: float
    leaves_out: str
    share: float = 1.0
    limit: float = LIMIT
    finishes: bool = False


PEERS = {
    BATCH: Peer(
        home="faststream",
        argv=("benchmarks.peers.faststream_loop", "batch"),
        goal=1.8,
        leaves_out="outbox, envelope, dead letters",
    ),
    OUTBOX: Peer(
        home="faststream",
        argv=("benchmarks.peers.faststream_outbox",),
        goal=3.0,
        leaves_out="envelope, dead letters",
        limit=OURS_LIMIT,
        finishes=True,
    ),
    WORKERS: Peer(
        home="faststream",
        argv=("benchmarks.peers.faststream_loop", "workers"),
        goal=20.0,
        leaves_out="outbox, envelope, dead letters",
        share=0.04,
    ),
    FAUST: Peer(
        home="faust",
        argv=("benchmarks.peers.faust_loop",),
        goal=8.0,
        leaves_out="outbox, envelope, dead letters",
        share=0.2,
    ),
    NAIVE: Peer(
        home="",
        argv=("benchmarks.peers.naive_loop",),
        goal=80.0,
        leaves_out="relay, envelope, dead letters",
        share=0.02,
    ),
}


def measure(plan: Plan) -> list[Figure]:
    """All rounds of the loops."""
    with stage() as on:
        fill(on, plan.events)
        once_ours(on, plan, "warm")
        variants: dict[str, Measure] = {
            OURS: partial(once_ours, on, plan, "ours"),
            CEILING: partial(once_ceiling, on, plan),
        }
        if plan.wants("L2"):
            variants |= _peers(on, plan)
        rounds = plan.rounds_of(variants)
    machine.tell(table_of_rounds("Loop", "events a second", rounds))
    return figures(rounds)


def fill(on: Stage, events: int) -> None:
    """Put the submissions where all loops read them."""
    asyncio.run(create_topics(on.kafka, [SUBMITTED, COUNTED]))
    asyncio.run(publish(on.kafka, SUBMITTED.name, submissions(events)))


def once_ours(on: Stage, plan: Plan, name: str) -> float:
    """Our loop, in a database and a group of its own; every event counted once and published once."""
    dsn, expected = on.messaging_database(), distinct(plan.events)
    label = on.label(name)
    asyncio.run(create_topics(on.kafka, [dead_letters_of(label)]))
    plan.settle()
    given = ("--dsn", dsn, "--kafka", on.kafka.model_dump_json(), "--label", label)
    argv = ("--workload", "counter", "--expected", str(expected), *given)
    begin = partial(on.begin, "benchmarks.loop.ours", *argv)
    children: list[Child] = []
    seen = _watched(on, lambda: children.append(begin()), expected, OURS_LIMIT)
    children[0].ends(within=30)
    reported = on.report(children[0])
    found = count(dsn, "select sum(contacts) from counter")
    if not found == seen.records == expected:
        raise LaunchFailure(
            f"of {expected} events {found} were counted, {seen.records} published\n{tail(children[0])}"
        )
    on.drop(dsn)
    return _reported(name, seen, reported["processor_us"])


def once_ceiling(on: Stage, plan: Plan) -> float:
    """The statements alone."""
    dsn = on.messaging_database()
    plan.settle()
    sizes = ("--size", str(on.kafka.max_records), "--members", str(on.kafka.group_members))
    found = on.run("benchmarks.loop.ceiling", "--dsn", dsn, "--events", str(plan.events), *sizes)
    on.drop(dsn)
    seen = Seen(int(found["handled"]), float(found["per_second"]))
    return _reported(CEILING, seen, float(found["processor_us"]))


def once_peer(on: Stage, plan: Plan, name: str, python: Path | None) -> float:
    """A peer, for as long as it takes or as long as it is given."""
    peer, expected, dsn = PEERS[name], distinct(plan.events), on.plain_database(TABLES)
    plan.settle()
    argv, extra = ["-m", *peer.argv], _told(on, peer, dsn)
    children: list[Child] = []

    def begin() -> None:
        children.append(on.spawn(argv, peer.argv[0], python=python, extra=extra))

    try:
        seen = _watched(on, begin, int(expected * peer.share), peer.limit)
        wrong = _unfinished(dsn, seen, expected) if peer.finishes else ""
    finally:
        spent = sum(machine.processor_seconds(child.pid) for child in children)
        for child in children:
            child.kill()
    if wrong or not seen.records:
        raise LaunchFailure(f"{name}: {wrong or 'nothing came of it'}\n{tail(children[0])}")
    on.drop(dsn)
    return _reported(name, seen, 1e6 * spent / seen.records)


def figures(rounds: Rounds) -> list[Figure]:
    """The ratios that the goals speak of."""
    left = "Kafka, envelope"
    ceiling = ratio(rounds, OURS, CEILING)
    found = [Figure("L1", "loop : database ceiling", ceiling, 0.40, leaves_out=left)]
    return found + [
        Figure(
            "L2",
            f"loop : {name}",
            ratio(rounds, OURS, name),
            peer.goal,
            leaves_out=peer.leaves_out,
        )
        for name, peer in PEERS.items()
        if name in rounds
    ]


def _told(on: Stage, peer: Peer, dsn: str) -> dict[str, str]:
    """What a peer is started with."""
    return {
        "PEER_DSN": dsn,
        "PEER_KAFKA": on.kafka.bootstrap,
        "PEER_GROUP": on.label(peer.home or "naive"),
        "PEER_IN": SUBMITTED.name,
        "PEER_OUT": COUNTED.name,
    }


def _unfinished(dsn: str, seen: Seen, expected: int) -> str:
    """What was not counted once and published once; empty if all was."""
    machine.rest(SETTLE_SECONDS)  # a row is gone a moment after it was published
    found, left = count(dsn, COUNTED_ONCE), count(dsn, "select count(*) from outbox")
    if found == seen.records == expected and not left:
        return ""
    return f"of {expected} events {found} were counted, {seen.records} published, {left} wait"


def _peers(on: Stage, plan: Plan) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for name, peer in PEERS.items():
        python = python_of(peer.home) if peer.home else None
        if python or not peer.home:
            found[name] = partial(once_peer, on, plan, name, python)
    return found


def _watched(on: Stage, begin: Callable[[], object], expected: int, limit: float = LIMIT) -> Seen:
    return asyncio.run(watch(on.kafka, COUNTED.name, begin, expected=expected, limit=limit))


def _reported(name: str, seen: Seen, spent: float) -> float:
    machine.tell(
        f"  {name}: {seen.per_second:,.0f}/s, {seen.records} events, "
        f"{spent:.0f} µs of processor time an event"
    )
    return seen.per_second
