"""PostgreSQL and a broker, started together for one folder."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, Self

from deploy.local.embedded import Embedded
from deploy.local.failure import KafkaUnavailable, LaunchFailure
from deploy.local.instance import Instance
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.started import Started

BROKERS = ("auto", "kafka", "embedded")


class Broker(Protocol):
    """What may carry the events. `idempotent`: whether it can take an idempotent producer."""

    name: str
    process: str
    idempotent: bool

    @property
    def bootstrap(self) -> str: ...
    def start(self) -> None: ...
    def require(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...


def say_plainly(line: str) -> None:
    """Tell a person what happens, one line on stderr."""
    print(line, file=sys.stderr, flush=True)


class LocalParts(Started):
    """Real PostgreSQL and a real broker in one folder; a context manager, or start() and stop().

    `broker` is "kafka", "embedded" or "auto" (Kafka, or the embedded broker where Kafka cannot be
    fetched); None takes it from the environment variable BROKER. `fresh` begins with empty data;
    without `durable`, what was committed may be lost if the machine itself crashes.
    Everything is blocking; failures a person can act on are LaunchFailure.
    """

    def __init__(
        self,
        home: Path,
        broker: str | None = None,
        *,
        fresh: bool = False,
        durable: bool = True,
        say: Callable[[str], None] = say_plainly,
    ) -> None:
        wanted = broker or os.environ.get("BROKER") or "auto"
        if wanted not in BROKERS:
            raise LaunchFailure(f"BROKER is {wanted!r}; it may be {', '.join(BROKERS)}.")
        self.instance = Instance(home, fresh=fresh)
        try:
            self.postgres = Postgres(self.instance, durable=durable)
            self.broker = choose_broker(wanted, self.instance, say)
        except BaseException:
            self.instance.release()
            raise
        self._say = say

    def start(self) -> Self:
        """Start both, side by side; if one cannot start, neither is left running."""
        self._say(f"Starting PostgreSQL 18 and {self.broker.name} ...")
        try:
            with ThreadPoolExecutor(max_workers=2) as both:
                started = [both.submit(part.start) for part in (self.postgres, self.broker)]
            for one in started:
                one.result()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the broker, then PostgreSQL, and give the folder back."""
        self.broker.stop()
        self.postgres.stop()
        self.instance.release()


def choose_broker(wanted: str, instance: Instance, say: Callable[[str], None]) -> Broker:
    """The broker that was asked for, ready to start; with "auto", the embedded one if need be."""
    if wanted == "embedded":
        return Embedded(instance)
    try:
        return Kafka(instance, say)
    except KafkaUnavailable as reason:
        if wanted == "kafka":
            raise
        say(f"{reason} Using the embedded broker instead.")
        return Embedded(instance)
