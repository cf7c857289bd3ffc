"""Online DDL: a migration keeps nobody waiting longer than they can bear, and can be run again.

A statement that waits for the lock of a table lets everybody queue behind it who comes later, readers too.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import structlog
from alembic import op
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from shared.kernel.errors import Conflict, Denied, Unavailable

LOCK_SECONDS: Final = 2
STATEMENT_SECONDS: Final = 4
"""Waiting included. Less than a service gives the statements that queue behind it (5 s)."""
RETRY_SECONDS: Final = (1.0, 2.0, 4.0, 8.0)
"""Between two attempts those who queued are served, and whoever holds the lock may come to an end."""
NO_LOCK: Final = {"55P03", "40P01"}
TOO_LONG: Final = "57014"
NOT_OURS: Final = "42501"

log = structlog.get_logger()
T = TypeVar("T")


def limits(lock_seconds: int, statement_seconds: int) -> str:
    """The statement that bounds those after it in the session; 0 is without a bound."""
    return (
        f"select set_config('lock_timeout', '{lock_seconds}s', false),"
        f" set_config('statement_timeout', '{statement_seconds}s', false)"
    )


BOUNDED: Final = limits(LOCK_SECONDS, STATEMENT_SECONDS)
UNBOUNDED: Final = limits(0, 0)


@contextmanager
def without_deadline() -> Iterator[None]:
    """Inside, each statement is a transaction of its own and takes as long as it needs.

    For what locks nobody out: an index made concurrently, a constraint that is validated. What it did
    stays when it ends half-way, and the version does not: everything in such a migration can be begun again.
    """
    with op.get_context().autocommit_block():
        op.execute(UNBOUNDED)
        try:
            yield
        finally:
            op.execute(BOUNDED)


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Make an index while everybody works; `options` are those of `op.create_index`.

    What an earlier attempt left of it is invalid, and is dropped first.
    """
    with without_deadline():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name, table, columns, if_not_exists=True, postgresql_concurrently=True, **options
        )


def validate_constraint(name: str, table: str) -> None:
    """Hold all rows against a constraint that an earlier migration made `NOT VALID`."""
    with without_deadline():
        op.execute(
            "-- squawk-ignore prefer-robust-stmts\n"  # validating again does no harm
            f"alter table {table} validate constraint {name}"
        )


def with_retries(work: Callable[[], T]) -> T:
    """What comes of the work, which is done again, after growing pauses, while it gets no lock.

    To be called where SQLAlchemy waits for an asynchronous driver. Raises `Unavailable` if it got none in
    the end, `Conflict` if a statement took too long, and `Denied` if the user may not; all is undone.
    """
    for seconds in RETRY_SECONDS:
        try:
            return _explained(work)
        except Unavailable as reason:
            log.warning("migrating again", reason=reason.detail, seconds=seconds)
        await_only(asyncio.sleep(seconds))
    return _explained(work)


def _explained(work: Callable[[], T]) -> T:
    try:
        return work()
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state in NO_LOCK:
            raise Unavailable(
                f"a table is in use: no lock within {LOCK_SECONDS} s; nothing is half done, run migrate again"
            ) from error
        if state == TOO_LONG:
            raise Conflict(
                f"a statement took longer than {STATEMENT_SECONDS} s and was undone: what takes"
                " long must lock nobody out (docs/migrations.md)"
            ) from error
        if state == NOT_OURS:
            raise Denied(
                "this user of the database may not change tables: migrate as the user that owns them"
            ) from error
        raise
