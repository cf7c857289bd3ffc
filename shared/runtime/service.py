"""One way to run every process: `python -m services.<name>` and a role or a command.

Roles run until they are stopped: `api`, `worker`. Commands end by themselves: `migrate`, `check`,
`dead-letters`, `republish`.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

import uvloop

from shared.http.app import App
from shared.http.ops import Check, OpsApp
from shared.http.server import HttpServer
from shared.kernel.errors import Failure
from shared.messaging.dead_letters.command import dead_letters_command
from shared.messaging.outbox.republish import republish_command
from shared.observability import logging, metrics, tracing
from shared.observability.logging import get_logger
from shared.runtime.checking import check
from shared.runtime.command_line import COMMANDS, asked
from shared.runtime.memory import freeze_gc
from shared.runtime.supervision import Part, signals_set, supervise
from shared.settings import ServiceSettings, SettingsError, load

# For the api alone. uvloop raises where asyncio keeps silent, on writing to a connection that was
# reset a moment ago, and tasks behind the Kafka client die of it without a word.
LOOPS = {"api": uvloop.new_event_loop}

S = TypeVar("S", bound=ServiceSettings)

log = get_logger(__name__)


@dataclass(frozen=True)
class Role:
    """What one process consists of.

    `parts` are stopped in the order given, `app` before all of them; `checks` say whether the
    process is ready.
    """

    parts: Mapping[str, Part] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    app: App | None = None


Build = Callable[[S], AbstractAsyncContextManager[Role]]


@dataclass(frozen=True)
class Service(Generic[S]):
    """One service: its name, its settings, and how its two long-running roles are put together.

    A builder opens what the role needs, gives the role, and closes it all when the process ends.
    """

    name: str
    settings: type[S]
    api: Build[S]
    worker: Build[S]


def run(service: Service[S], argv: Sequence[str]) -> NoReturn:
    """Do what the command line says, and leave the process: status 0 only if all went well."""
    sys.exit(main(service, argv))


def main(service: Service[S], argv: Sequence[str]) -> int:
    """As `run`, but return the exit status."""
    options = asked(service.name, argv)
    role: str = options.word
    try:
        settings = load(service.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = sys.stderr if role in COMMANDS else sys.stdout
    logging.configure(settings.telemetry, service=service.name, role=role, out=lines)
    tracing.configure(settings.telemetry, service=service.name, role=role)
    metrics.configure(service=service.name, role=role)
    try:
        with asyncio.Runner(loop_factory=LOOPS.get(role)) as runner:
            return runner.run(_work(service, settings, options))
    except (Failure, OSError) as error:
        log.exception("ended by a failure", reason=str(error))
        return 1
    finally:
        tracing.shut_down()


def _work(
    service: Service[S], settings: S, options: argparse.Namespace
) -> Coroutine[Any, Any, int]:
    match options.word:
        case "api":
            return serve(service.api, settings)
        case "worker":
            return serve(service.worker, settings)
        case "migrate":
            return _migrate(service.name, settings)
        case "dead-letters":
            return dead_letters_command(service.name, settings, options)
        case "republish":
            return republish_command(service.name, settings, options)
        case _:
            return check(service.name, settings)


async def serve(build: Build[S], settings: S) -> int:
    """Run a role until a signal or the failure of a part ends it; the exit status."""
    stop = asyncio.Event()
    with signals_set(stop):
        async with build(settings) as role:
            freeze_gc()
            parts = _parts(role, settings, stop)
            well = await supervise(parts, stop, settings.drain_seconds)
    log.info("stopped", well=well)
    return 0 if well else 1


def _parts(role: Role, settings: ServiceSettings, stop: asyncio.Event) -> dict[str, Part]:
    """The public server is stopped first, the operators' server last."""
    ops, drain = settings.ops, settings.drain_seconds
    public: dict[str, Part] = (
        {} if role.app is None else {"http": _public_server(role.app, settings)}
    )
    operators = HttpServer(
        OpsApp(role.checks, stop), host=ops.host, port=ops.port, drain_seconds=drain
    )
    return {**public, **role.parts, "ops": operators}


def _public_server(app: App, settings: ServiceSettings) -> HttpServer:
    http = settings.http
    return HttpServer(
        app,
        host=http.host,
        port=http.port,
        drain_seconds=settings.drain_seconds,
        limit_concurrency=http.limit_concurrency,
        keep_alive_seconds=http.keep_alive_seconds,
        proxies=http.proxies,
    )


async def _migrate(name: str, settings: ServiceSettings) -> int:
    from shared.database.migrate import run_migrations  # noqa: PLC0415 - dear, and no role needs it

    before, now = await run_migrations(name, settings.database.dsn.get_secret_value())
    moved = f"from {before}" if before else "an empty database"
    sys.stdout.write(f"already at {now}\n" if before == now else f"migrated {moved} to {now}\n")
    return 0
