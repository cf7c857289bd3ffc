"""The servers that intake's own is held against: what each leaves out, and how its contacts are counted."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.servers.rows.events import OUTBOX
from benchmarks.servers.schema import TABLES
from benchmarks.stage import Stage, execute
from shared.contracts.topics import INTAKE

Database = Callable[[Stage], str]

STORED = """
select least(count(*), (select sum(stored) from tally)) from contact c
where exists (select from promise p where p.contact_id = c.contact_id)
and (select count(*) from message m where m.contact_id = c.contact_id) = 2
and exists (select from stream s where s.subject = c.contact_id::text)
and exists (select from {outbox} o where o.key = {key})
"""
OURS = STORED.format(outbox="outbox", key="convert_to(c.contact_id::text, 'UTF8')")
SAME = STORED.format(outbox="peer.outbox", key="c.contact_id::text")
BOTH = "select count(*) from contact join outbox on key = contact_id::text"


@dataclass(frozen=True)
class Peer:
    """`database` makes what it writes to, `counted` says how many contacts are there; neither: it stores nothing."""

    module: str
    leaves_out: str
    database: Database | None = None
    counted: str = ""


def _of_intake(on: Stage) -> str:
    """Intake's own tables, and an outbox of the peers' own."""
    dsn = on.database(INTAKE)
    execute(dsn, OUTBOX)
    return dsn


def _two_tables(on: Stage) -> str:
    return on.plain_database(TABLES)


BARE, FRAMEWORK = "no-op: bare ASGI", "no-op: FastAPI, model in and out"
MAPPER, DRIVER = "FastAPI + SQLAlchemy ORM, same rows", "FastAPI + asyncpg, same rows"
LESSER_MAPPER, LESSER_DRIVER = "FastAPI + SQLAlchemy ORM, two rows", "FastAPI + asyncpg, two rows"
DECIDING = "token, repeats, rules, queues, languages, spans"
PEERS = {
    BARE: Peer("bare", "all but a response"),
    FRAMEWORK: Peer("framework", "all but reading and responding"),
    MAPPER: Peer("rows.mapper", DECIDING, _of_intake, SAME),
    DRIVER: Peer("rows.driver", DECIDING, _of_intake, SAME),
    LESSER_MAPPER: Peer("mapper", "all but contact and outbox row", _two_tables, BOTH),
    LESSER_DRIVER: Peer("driver", "all but contact and outbox row", _two_tables, BOTH),
}
OF_FIGURE = {
    "I1": (BARE, FRAMEWORK),
    "I2": (MAPPER, LESSER_MAPPER),
    "I3": (DRIVER, LESSER_DRIVER),
}
"""Which of them a figure needs."""
