"""The unit of work over a pool of PostgreSQL connections; lost connections become `Unavailable`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
import msgspec

from shared.database.keepalive import SERVER, keep_alive
from shared.database.outages import AMBIGUOUS, OUTAGES, reason
from shared.kernel.errors import Cancelled, Unavailable
from shared.observability import metrics
from shared.settings import DatabaseSettings

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Tx: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Tx = asyncpg.Connection

Act: TypeAlias = Callable[[], object]

_ACTS: ContextVar[list[Act] | None] = ContextVar("acts", default=None)

GRACE_SECONDS = 1.0
"""The server ends a long statement itself; this much later we no longer believe that it is there."""


class Database:
    """One service's own database.

    `committed` is set by each transaction of this process that commits; who waits for that clears it.
    """

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", settings: DatabaseSettings, service: str
    ) -> None:
        self.service = service
        self.committed = asyncio.Event()
        self._pool = pool
        self._connect_seconds = settings.connect_timeout_ms / 1000

    @classmethod
    async def open(
        cls, settings: DatabaseSettings, *, service: str, role: str = "command"
    ) -> "Database":
        """Connect; service and role are what the server shows of us. Raises `Unavailable`."""
        try:
            return cls(await _pool(settings, f"{service}-{role}"), settings, service)
        except OUTAGES as error:
            raise Unavailable(f"database: {reason(error)}") from error

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: DatabaseSettings, *, service: str) -> "AsyncIterator[Database]":
        """For a command: open until the end of the block. Raises `Unavailable`."""
        database = await cls.open(settings, service=service)
        try:
            yield database
        finally:
            await database.close()

    async def close(self) -> None:
        """Give the connections back; those still in use are closed after the time a connect may take."""
        try:
            async with asyncio.timeout(self._connect_seconds):
                await self._pool.close()
        except (*OUTAGES, asyncpg.InterfaceError):
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Tx]:
        """A connection for reading, each statement for itself. Raises `Unavailable`.

        Of the kind `Cancelled` where a statement took longer than the server lets one.
        """
        lost, began = True, perf_counter()
        try:
            async with self._pool.acquire(timeout=self._connect_seconds) as connection:
                metrics.database_wait.observe(perf_counter() - began)
                try:
                    yield connection
                except AMBIGUOUS:
                    await asyncio.sleep(0)  # the loop reports a loss to the driver a step later
                    lost = is_lost(connection)
                    raise
        except asyncpg.QueryCanceledError as error:
            raise Cancelled("database: a statement took too long") from error
        except OUTAGES as error:
            raise Unavailable(f"database: {reason(error)}") from error
        except AMBIGUOUS as error:
            if not lost:
                raise
            raise Unavailable(f"database: {reason(error)}") from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One unit of work: committed at the end, rolled back on any error. Raises `Unavailable`."""
        acts: list[Act] = []
        around = _ACTS.get()
        async with self.connection() as connection:
            _ACTS.set(acts)
            try:
                async with connection.transaction():
                    yield connection
            finally:
                _ACTS.set(around)
        self.committed.set()
        for act in acts:
            act()

    async def ping(self) -> None:
        """One round trip; raises `Unavailable`."""
        async with self.connection() as connection:
            await connection.execute("select 1")


def once_committed(act: Callable[..., object], *values: object) -> None:
    """Call it when the transaction around is committed, never if it is not; at once outside of one.

    For what cannot be rolled back and takes no time, such as counting.
    """
    acts = _ACTS.get()
    if acts is None:
        act(*values)
    else:
        acts.append(partial(act, *values))


def is_lost(connection: Tx) -> bool:
    """Whether the connection is gone; the pool takes one back that dies while nobody uses it."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


async def _pool(settings: DatabaseSettings, name: str) -> "asyncpg.Pool[asyncpg.Record]":
    async def connect(*_: object, **options: Any) -> Any:
        """With the address as it is now: its password may have been replaced."""
        return await asyncpg.connect(settings.address(), **options)

    return await asyncpg.create_pool(
        connect=connect,
        min_size=settings.pool_min,
        max_size=settings.pool_max,
        timeout=settings.connect_timeout_ms / 1000,
        command_timeout=settings.statement_timeout_ms / 1000 + GRACE_SECONDS,
        init=_begin,
        reset=_keep,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            "statement_timeout": str(settings.statement_timeout_ms),
            "idle_in_transaction_session_timeout": "10s",  # less than a lease lasts
            **SERVER,
        },
    )


async def _keep(_: Tx) -> None:
    """Nothing to reset: we set no session state, and the round trip would cost a quarter of the speed."""


async def _begin(connection: Tx) -> None:
    keep_alive(connection)
    await _speak_json(connection)


async def _speak_json(connection: Tx) -> None:
    """json and jsonb in Python objects, both ways."""
    for name, version in (("json", b""), ("jsonb", b"\x01")):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=_encoder(version),
            decoder=_decoder(version),
            format="binary",
        )


def _encoder(version: bytes) -> Callable[[Any], bytes]:
    return lambda value: version + msgspec.json.encode(value)


def _decoder(version: bytes) -> Callable[[bytes], Any]:
    return lambda content: msgspec.json.decode(content[len(version) :])
