"""I1–I4: a durable 202 of intake's real server, against no-op servers and the usual ones that store.

Durable: contact, message, promise, acknowledgement, account and outbox rows are committed before
the response, and are counted afterwards. The server has one core, the load the other; PostgreSQL takes
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
from benchmarks.load import CUSTOMERS
from benchmarks.plan import Plan
from benchmarks.ratios import Figure, Rounds, ratio, table_of_rounds
from benchmarks.servers import peers
from benchmarks.servers.peers import PEERS
from benchmarks.stage import Stage, count, stage
from deploy.local.failure import LaunchFailure
from deploy.local.platform import API, Platform
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child, wait_until_ready
from shared.contracts.topics import INTAKE

OURS, LITTLE, ALL = "intake", "intake, tracing 1 %", "intake, tracing 100 %"
SAMPLED = {OURS: None, LITTLE: "0.01", ALL: "1.0"}
CONNECTIONS = 128
WITHIN_SECONDS = 60.0
"""So long a server may take to hear of every customer once."""
ENOUGH = "1000000"
"""All of the load has one token: the limit counts, but is not what is measured."""


@dataclass
class Server:
    """One that runs: where, on which database, and what statement counts its contacts."""

    port: int
    process: Child
    dsn: str = ""
    counted: str = ""
    token: str = ""


@dataclass
class Servers:
    """All the servers of a run, started one at a time."""

    stage: Stage
    sink: Child | None = None
    sink_port: int = field(default_factory=free_port)
    platform: Platform = field(init=False)

    def __post_init__(self) -> None:
        self.platform = Platform(self.stage.parts, mail=(LOOPBACK, free_port()))

    @contextmanager
    def started(self, name: str) -> Iterator[Server]:
        """One of them, ready."""
        server = self._intake(name) if name in SAMPLED else self._other(name)
        try:
            yield server
        finally:
            server.process.stop(within=25)
            if server.dsn:
                self.stage.drop(server.dsn)

    def _intake(self, name: str) -> Server:
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
        return Server(port, process, dsn, peers.OURS, token)

    def _other(self, name: str) -> Server:
        peer, port = PEERS[name], free_port()
        dsn = peer.database(self.stage) if peer.database else ""
        argv = ["-m", "benchmarks.servers", peer.module, str(port)]
        process = self.stage.spawn(argv, peer.module, extra={"DSN": dsn})
        wait_until_ready(process, lambda: _accepts(port), within=30)
        return Server(port, process, dsn, peer.counted)

    def _start_sink(self) -> None:
        if self.sink is None:
            argv = ["-m", "benchmarks.sink", str(self.sink_port)]
            self.sink = self.stage.spawn(argv, "sink", machine.OTHER)
            wait_until_ready(self.sink, lambda: _accepts(self.sink_port), within=30)

    def exported(self) -> int:
        """Bytes that the sink was given."""
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self.sink_port}/", timeout=5) as response:
            return int(response.read())


def measure(plan: Plan) -> list[Figure]:
    """All rounds of the servers that the plan asks for."""
    names = [peer for id_, each in peers.OF_FIGURE.items() if plan.wants(id_) for peer in each]
    names += [OURS, *([LITTLE, ALL] if plan.wants("I4") else [])]
    with stage() as on:
        servers = Servers(on)
        rounds = plan.rounds_of({name: partial(once, servers, name, plan) for name in names})
    machine.tell(table_of_rounds(f"Intake, {CONNECTIONS} connections", "202s a second", rounds))
    return figures(rounds)


def once(servers: Servers, name: str, plan: Plan) -> float:
    """One server for a while: accepted requests a second. LaunchFailure if a contact is missing."""
    with servers.started(name) as server:
        warm = warm_up(servers.stage, server, plan)
        plan.settle()
        before = _spent(servers.stage, server)
        found = press(servers.stage, server, plan.seconds, plan.max_requests)
        spent = [
            after - then for after, then in zip(_spent(servers.stage, server), before, strict=True)
        ]
        _check(name, server, warm + found["accepted"])
    if SAMPLED.get(name) and not servers.exported():
        raise LaunchFailure("no trace was exported")
    own, theirs = (1e6 * seconds / found["accepted"] for seconds in spent)
    machine.tell(
        f"  {name}: {found['per_second']:,.0f}/s, p99 {found['p99_ms']:.0f} ms, "
        f"processor time a request: {own:.0f} µs, PostgreSQL {theirs:.0f} µs"
    )
    return float(found["per_second"])


def warm_up(on: Stage, server: Server, plan: Plan) -> float:
    """Let every customer write once, so that all servers know them all, then press; how many were accepted."""
    everybody = min(CUSTOMERS, plan.max_requests)
    known = press(on, server, WITHIN_SECONDS, everybody)
    return known["accepted"] + press(on, server, plan.seconds / 4, plan.max_requests)["accepted"]


def press(on: Stage, server: Server, seconds: float, max_requests: int) -> dict[str, float]:
    """Load on a server that runs."""
    found: dict[str, float] = on.run(
        "benchmarks.load",
        *("--port", str(server.port), "--token", server.token, "--seconds", str(seconds)),
        *("--connections", str(CONNECTIONS), "--max-requests", str(max_requests)),
        core=machine.OTHER,
    )
    if found["refused"]:
        raise LaunchFailure(f"responses other than 202: {found['refused']}")
    return found


def figures(rounds: Rounds) -> list[Figure]:
    """The ratios that the goals speak of."""
    asked = [
        ("I1", "202 : bare-ASGI no-op", OURS, peers.BARE, 0.25),
        ("I1", "202 : FastAPI no-op", OURS, peers.FRAMEWORK, 1.1),
        ("I2", "202 : FastAPI + ORM, same rows", OURS, peers.MAPPER, 15.0),
        ("I2", "202 : FastAPI + ORM", OURS, peers.LESSER_MAPPER, None),
        ("I3", "202 : FastAPI + asyncpg, same rows", OURS, peers.DRIVER, 5.0),
        ("I3", "202 : FastAPI + asyncpg", OURS, peers.LESSER_DRIVER, None),
        ("I4", "tracing 1 % : none", LITTLE, OURS, 0.95),
        ("I4", "tracing 100 % : none", ALL, OURS, 0.80),
    ]
    return [
        Figure(id_, name, ratio(rounds, one, other), goal, leaves_out=_left_out(other))
        for id_, name, one, other, goal in asked
        if one in rounds and other in rounds
    ]


def _left_out(name: str) -> str:
    return PEERS[name].leaves_out if name in PEERS else "spans"


def _check(name: str, server: Server, accepted: float) -> None:
    if server.dsn and (found := count(server.dsn, server.counted)) != accepted:
        raise LaunchFailure(f"{name}: {accepted} were answered with 202, {found} are stored")


def _spent(on: Stage, server: Server) -> tuple[float, float]:
    """Processor seconds that the server and all of PostgreSQL have had."""
    number = (on.parts.postgres.data / "postmaster.pid").read_text().split()[0]
    postgres = psutil.Process(int(number))
    everybody = [postgres, *postgres.children(recursive=True)]
    theirs = sum(machine.processor_seconds(process.pid) for process in everybody)
    return machine.processor_seconds(server.process.pid), theirs


def _accepts(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection((LOOPBACK, port), 0.5).close()
        return True
    return False
