"""The same key gives the same answer for a day: kept in the transaction that made it.

`once` is for one request; `recall` and `remember` are the same for a whole batch of them, in two
statements and one. While a request runs, a lock of its transaction stands for it, so that a twin
is told at once instead of being kept waiting. A submitted contact has a rule of its own: its key is the
arrival's and is known for as long as its contact (`services/intake/domain/acceptance.py`).
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

import msgspec

from shared.database.database import Tx
from shared.http.response import HttpResponse
from shared.jobs.retention import Kept
from shared.kernel.errors import Conflict, Failure, Invalid

KEPT: Final = timedelta(hours=24)
LONGEST_KEY: Final = 255
VISIBLE: Final = r"^[ -~]+$"
REPLAYED: Final = (b"idempotency-replayed", b"true")

LOCK = "select pg_try_advisory_xact_lock(lock) from unnest($1::bigint[]) with ordinality as a(lock, n) order by n"
RECALL = """
select a.n, k.fingerprint, k.answer
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as a(caller, route, key, n)
join idempotency_keys k using (caller, route, key)
where k.created_at > $4
"""
REMEMBER = """
insert into idempotency_keys (caller, route, key, fingerprint, status, answer, created_at)
select *, $7::timestamptz from unnest(
  $1::text[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::bytea[])
on conflict (caller, route, key) do update set fingerprint = excluded.fingerprint,
  status = excluded.status, answer = excluded.answer, created_at = excluded.created_at
"""
DELETE = """
delete from idempotency_keys where ctid = any(array(
  select ctid from idempotency_keys where created_at <= $1 order by created_at limit $2))
"""
RESPONSES: Final = Kept(KEPT, DELETE, "select min(created_at) from idempotency_keys")
"""What no Idempotency-Key may ask for any more is deleted."""


class Ask(msgspec.Struct, frozen=True):
    """A request that may be a repetition: whose, where, under which key, with which content."""

    caller: str
    route: str
    key: str
    fingerprint: bytes

    @property
    def lock(self) -> int:
        """A number for this caller, route and key, for an advisory lock."""
        parts = "\x1f".join(("idempotency", self.caller, self.route, self.key))
        return int.from_bytes(sha256(parts.encode()).digest()[:8], signed=True)


Recalled: TypeAlias = HttpResponse | Failure | None


def valid_key(key: str) -> str:
    """The key as given; raises `Invalid` unless it is 1 to 255 visible ASCII characters."""
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Invalid("Idempotency-Key must be 1 to 255 visible ASCII characters")
    return key


def fingerprint_of(body: bytes) -> bytes:
    """What tells one request's content from another's."""
    return sha256(body).digest()


async def once(
    tx: Tx, ask: Ask, answer: Callable[[], Awaitable[HttpResponse]], now: datetime
) -> HttpResponse:
    """The stored answer, marked as replayed; or a new one, stored when `tx` commits.

    Raises `Invalid` if the key was used for another content, `Conflict` while a twin runs. If
    `answer` raises, nothing is stored.
    """
    [found] = await recall(tx, [ask], now)
    if isinstance(found, Failure):
        raise found
    if found is not None:
        return found
    made = await answer()
    await remember(tx, [(ask, made)], now)
    return made


async def recall(tx: Tx, asks: Sequence[Ask], now: datetime) -> list[Recalled]:
    """For each ask the stored answer, the `Failure` it deserves, or None: it is new, do it.

    What is new stays locked until `tx` ends.
    """
    free = [row[0] for row in await tx.fetch(LOCK, [ask.lock for ask in asks])]
    columns = ([a.caller for a in asks], [a.route for a in asks], [a.key for a in asks])
    rows = {row["n"] - 1: row for row in await tx.fetch(RECALL, *columns, now - KEPT)}
    seen: set[int] = set()
    found: list[Recalled] = []
    for place, ask in enumerate(asks):
        row = rows.get(place)
        if row is not None:
            found.append(_replay(ask, row["fingerprint"], row["answer"]))
        elif not free[place] or ask.lock in seen:
            found.append(Conflict("a request with this Idempotency-Key is still running"))
        else:
            seen.add(ask.lock)
            found.append(None)
    return found


async def remember(tx: Tx, answers: Sequence[tuple[Ask, HttpResponse]], now: datetime) -> None:
    """Store the answers to asks that were new. One statement."""
    asks = [ask for ask, _ in answers]
    await tx.execute(
        REMEMBER,
        [ask.caller for ask in asks],
        [ask.route for ask in asks],
        [ask.key for ask in asks],
        [ask.fingerprint for ask in asks],
        [answer.status for _, answer in answers],
        [msgspec.msgpack.encode(answer) for _, answer in answers],
        now,
    )


def _replay(ask: Ask, fingerprint: bytes, answer: bytes) -> Recalled:
    if fingerprint != ask.fingerprint:
        return Invalid("this Idempotency-Key was used with another content")
    return msgspec.msgpack.decode(answer, type=HttpResponse).with_header(*REPLAYED)
