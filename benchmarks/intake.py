"""I1–I4: a durable 202 at intake's real door, against no-op doors and a commit for each request.

Durable: contact, message, promise, acknowledgement, account and outbox rows are committed before
the answer, and are counted afterwards. The door has one core, the load the other; PostgreSQL takes
what it gets.
"""

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import psutil

from benchmarks import machine
from benchmarks.doors.schema import TABLES
from benchmarks.plan import Plan
from benchmarks.ratios import Figure, Rounds, ratio, table_of_rounds
from benchmarks.stage import Stage, count, stage
from deploy.local.failure import LaunchFailure
from deploy.local.platform import API, Platform
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child, wait_until_ready
from shared.contracts.topics import INTAKE

BARE, FRAMEWORK = "no-op: bare ASGI", "no-op: FastAPI, model in and out"
MAPPER, DRIVER = "FastAPI + SQLAlchemy ORM, commit a request", "FastAPI + asyncpg, commit a request"
OURS, LITTLE, ALL = "intake", "intake, tracing 1 %", "intake, tracing 100 %"
DOORS = {BARE: "bare", FRAMEWORK: "framework", MAPPER: "mapper", DRIVER: "driver"}
SAMPLED = {OURS: None, LITTLE: "0.01", ALL: "1.0"}
STORING = (MAPPER, DRIVER)
CONNECTIONS = 128
ENOUGH = "1000000"
"""All of the load has one token: the limit counts, but is not what is measured."""
STORED = """
select count(*) from contact c
where exists (select from promise p where p.contact_id = c.contact_id)
and (select count(*) from message m where m.contact_id = c.contact_id) = 2
and exists (select from outbox o where o.key = convert_to(c.contact_id::text, 'UTF8'))
"""
BOTH = "select count(*) from contact join outbox on key = contact_id::text"


@dataclass
class Open:
    """An open door: where, on which database, and how many contacts are there by what statement."""

    port: int
    process: Child
    dsn: str = ""
    counted: str = ""
    token: str = ""


@dataclass
class Doors:
    """All the doors of a run, opened one at a time."""

    stage: Stage
    sink: Child | None = None
    sink_port: int = field(default_factory=free_port)
    platform: Platform = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Platform(self.stage.parts, mail=(LOOPBACK, free_port()))

    @contextmanager
    def open(self, name: str) -> Iterator[Open]:
        """One of them, ready."""
        door = self._intake(name) if name in SAMPLED else self._other(name)
        try:
            yield door
        finally:
            door.process.stop(within=25)
            if door.dsn:
                self.stage.drop(door.dsn)

    def _intake(self, name: str) -> Open:
        sampled, dsn = SAMPLED[name], self.stage.database(INTAKE)
        settings = self.platform.extra_env[INTAKE]
        settings.clear()
        settings["RAPPORT_DATABASE__DSN"] = dsn
        settings["RAPPORT_HTTP__CALLER_PER_SECOND"] = ENOUGH
        if sampled is not None:
            self._start_sink()
            settings["RAPPORT_TELEMETRY__OTLP_ENDPOINT"] = f"http://{LOOPBACK}:{self.sink_port}"
            settings["RAPPORT_TELEMETRY__SAMPLE_RATIO"] = sampled
        process = self.platform.spawn(INTAKE, API)
        machine.pin(process.pid, machine.WORKER)
        self.platform.wait_until_ready(INTAKE, API)
        token = self.platform.issuer.mint("load", ["contacts.write"], timedelta(hours=12))
        port = int(self.platform.addresses.api[INTAKE].rpartition(":")[2])
        return Open(port, process, dsn, STORED, token)

    def _other(self, name: str) -> Open:
        port, dsn = free_port(), ""
        if name in STORING:
            dsn = self.stage.plain_database(TABLES)
        argv = ["-m", "benchmarks.doors", DOORS[name], str(port)]
        process = self.stage.spawn(argv, DOORS[name], extra={"DSN": dsn})
        wait_until_ready(process, lambda: _answers(port), within=30)
        return Open(port, process, dsn, BOTH)

    def _start_sink(self) -> None:
        if self.sink is None:
            argv = ["-m", "benchmarks.sink", str(self.sink_port)]
            self.sink = self.stage.spawn(argv, "sink", machine.OTHER)
            wait_until_ready(self.sink, lambda: _answers(self.sink_port), within=30)

    def exported(self) -> int:
        """Bytes that the sink was given."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.sink_port}/", timeout=5) as answer:
            return int(answer.read())


def measure(plan: Plan) -> list[Figure]:
    """All rounds of the doors that the plan asks for."""
    names = [BARE, FRAMEWORK, MAPPER, DRIVER] if plan.wants("I1", "I2", "I3") else []
    names += [OURS, *([LITTLE, ALL] if plan.wants("I4") else [])]
    with stage() as on:
        doors = Doors(on)
        rounds = plan.rounds_of({name: partial(once, doors, name, plan) for name in names})
    machine.tell(table_of_rounds(f"Intake, {CONNECTIONS} connections", "202s a second", rounds))
    return figures(rounds)


def once(doors: Doors, name: str, plan: Plan) -> float:
    """One door for a while: accepted requests a second. LaunchFailure if a contact is missing."""
    with doors.open(name) as door:
        warm = press(doors.stage, door, plan.seconds / 4, plan.most)
        plan.settle()
        before = _spent(doors.stage, door)
        found = press(doors.stage, door, plan.seconds, plan.most)
        spent = [
            after - then for after, then in zip(_spent(doors.stage, door), before, strict=True)
        ]
        _check(name, door, warm["accepted"] + found["accepted"])
    if SAMPLED.get(name) and not doors.exported():
        raise LaunchFailure("no trace was exported")
    own, theirs = (1e6 * seconds / found["accepted"] for seconds in spent)
    machine.tell(
        f"  {name}: {found['per_second']:,.0f}/s, p99 {found['p99_ms']:.0f} ms, "
        f"processor time a request: {own:.0f} µs, PostgreSQL {theirs:.0f} µs"
    )
    return float(found["per_second"])


def press(on: Stage, door: Open, seconds: float, most: int) -> dict[str, float]:
    """Load on an open door."""
    found: dict[str, float] = on.run(
        "benchmarks.load",
        *("--port", str(door.port), "--token", door.token, "--seconds", str(seconds)),
        *("--connections", str(CONNECTIONS), "--most", str(most)),
        core=machine.OTHER,
    )
    if found["refused"]:
        raise LaunchFailure(f"answers other than 202: {found['refused']}")
    return found


def figures(rounds: Rounds) -> list[Figure]:
    """The ratios that the goals speak of."""
    asked = [
        ("I1", "202 : bare-ASGI no-op", OURS, BARE, 0.40),
        ("I1", "202 : FastAPI no-op", OURS, FRAMEWORK, 1.5),
        ("I2", "202 : FastAPI + ORM", OURS, MAPPER, 15.0),
        ("I3", "202 : FastAPI + asyncpg", OURS, DRIVER, 5.0),
        ("I4", "tracing 1 % : none", LITTLE, OURS, 0.90),
        ("I4", "tracing 100 % : none", ALL, OURS, 0.75),
    ]
    return [
        Figure(id_, name, ratio(rounds, one, other), goal)
        for id_, name, one, other, goal in asked
        if one in rounds and other in rounds
    ]


def _check(name: str, door: Open, accepted: float) -> None:
    if door.dsn and (found := count(door.dsn, door.counted)) != accepted:
        raise LaunchFailure(f"{name}: {accepted} were answered with 202, {found} are stored")


def _spent(on: Stage, door: Open) -> tuple[float, float]:
    """Processor seconds that the door and all of PostgreSQL have had."""
    server = psutil.Process(int((on.parts.postgres.data / "postmaster.pid").read_text().split()[0]))
    everybody = [server, *server.children(recursive=True)]
    theirs = sum(machine.processor_seconds(process.pid) for process in everybody)
    return machine.processor_seconds(door.process.pid), theirs


def _answers(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection((LOOPBACK, port), 0.5).close()
        return True
    return False
