"""One way to run every process: `python -m services.<name>` and a role or a command.

Roles run until they are stopped: `api`, `worker`. Commands end by themselves: those of every service
(`migrate`, `check`, `dead-letters`, `republish`) and those that a service has of its own.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Generic, NoReturn, TypeVar

import uvloop

from shared.http.app import App
from shared.http.ops import Check, OpsApp
from shared.http.server import HttpServer
from shared.jobs.backoff import Backoff
from shared.kernel.errors import Failure, Unavailable
from shared.observability import logging, metrics, tracing
from shared.observability.kinds import WorkerPart
from shared.observability.logging import get_logger
from shared.observability.outages import Trouble
from shared.runtime.command_line import ROLES, asked
from shared.runtime.commands import COMMANDS, Command, run_command
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
    process is ready. `optional` are checks of what only some of its work needs: readiness shows them,
    and the process is ready without. `groups` names the parts, and the checks of the same names, that an
    operator may run apart; what is in no group runs in every process.
    """

    parts: Mapping[str, Part] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    app: App | None = None
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)

    def only(self, chosen: Collection[str]) -> "Role":
        """The same with these groups alone."""
        wanted = {name for group in chosen for name in self.groups.get(group, ())}
        absent = {name for names in self.groups.values() for name in names} - wanted
        return replace(
            self,
            parts={name: part for name, part in self.parts.items() if name not in absent},
            checks={name: check for name, check in self.checks.items() if name not in absent},
        )


Build = Callable[[S], AbstractAsyncContextManager[Role]]


@dataclass(frozen=True)
class Service(Generic[S]):
    """One service: its name, its settings, how its two long-running roles are put together, and what
    it can be asked to do beyond what every service can. `parts`: the groups of its worker.

    A builder opens what the role needs, gives the role, and closes it all when the process ends.
    """

    name: str
    settings: type[S]
    api: Build[S]
    worker: Build[S]
    commands: Mapping[str, Command] = field(default_factory=dict)
    parts: Sequence[str] = (WorkerPart.JOBS, WorkerPart.CONSUMERS, WorkerPart.RELAY)


def run(service: Service[S], argv: Sequence[str]) -> NoReturn:
    """Do what the command line says, and leave the process: status 0 only if all went well."""
    sys.exit(main(service, argv))


def main(service: Service[S], argv: Sequence[str]) -> int:
    """As `run`, but return the exit status."""
    options = asked(service.name, argv, {**COMMANDS, **service.commands}, service.parts)
    role: str = options.word
    try:
        settings = load(service.settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = sys.stdout if role in ROLES else sys.stderr
    logging.configure(settings.telemetry, service=service.name, role=role, out=lines)
    tracing.configure(settings.telemetry, service=service.name, role=role)
    metrics.configure(service=service.name, role=role, parts=getattr(options, "parts", ()))
    try:
        with asyncio.Runner(loop_factory=LOOPS.get(role)) as runner:
            return runner.run(_work(service, settings, options))
    except (Failure, OSError) as error:
        log.exception("ended by a failure", reason=str(error))
        return 1
    finally:
        tracing.shut_down()


async def _work(service: Service[S], settings: S, options: argparse.Namespace) -> int:
    match options.word:
        case "api":
            return await serve(service.api, settings)
        case "worker":
            return await serve(service.worker, settings, options.parts)
        case word:
            command = {**COMMANDS, **service.commands}[word]
            return await run_command(command, service.name, settings, options)


async def serve(build: Build[S], settings: S, groups: Collection[str] = ()) -> int:
    """Run a role, with these of its groups, until a signal or the failure of a part ends it; the exit status."""
    stop = asyncio.Event()
    with signals_set(stop):
        async with AsyncExitStack() as opened:
            role = await _built(build, settings, stop, opened)
            freeze_gc()
            parts = _parts(role.only(groups), settings, stop)
            well = await supervise(parts, stop, settings.drain_seconds)
    log.info("stopped", well=well)
    return 0 if well else 1


async def _built(build: Build[S], settings: S, stop: asyncio.Event, opened: AsyncExitStack) -> Role:
    """The role, once what it needs to start is there. Raises `Unavailable` after `start_seconds`.

    To end at once would make whoever starts it again wait longer each time, and longer than the outage.
    """
    clock, backoff, trouble = asyncio.get_running_loop().time, Backoff(), Trouble("start")
    until = clock() + settings.start_seconds
    while True:
        try:
            role = await opened.enter_async_context(build(settings))
        except Unavailable as error:
            if stop.is_set() or clock() > until:
                raise
            trouble.met(error)
            await backoff.wait(stop)
        else:
            trouble.over()
            return role


def _parts(role: Role, settings: ServiceSettings, stop: asyncio.Event) -> dict[str, Part]:
    """The public server is stopped first, the operators' server last."""
    ops, drain = settings.ops, settings.drain_seconds
    public: dict[str, Part] = (
        {} if role.app is None else {"http": _public_server(role.app, settings)}
    )
    operators = HttpServer(
        OpsApp(role.checks, stop, role.optional), host=ops.host, port=ops.port, drain_seconds=drain
    )
    return {**public, **role.parts, "ops": operators}


def _public_server(app: App, settings: ServiceSettings) -> HttpServer:
    http = settings.http
    return HttpServer(
        app,
        host=http.host,
        port=http.port,
        drain_seconds=settings.drain_seconds,
        limits=http,
    )
