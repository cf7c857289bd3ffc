"""Publish again, for the operator: what a broker lost, the outbox still has."""

import argparse
import sys
from datetime import UTC, datetime

from shared.database.database import Database
from shared.settings import HasDatabase

EXAMPLE = "2026-03-02T12:00:00Z"
REWIND = """
update relay_cursor set (xid, position) = (
  select xid, position - 1 from outbox where created_at >= $1 order by xid, position limit 1
) where id = 1 and exists (select from outbox where created_at >= $1)
"""
BEHIND = """
select count(*) from outbox, relay_cursor as here
where (outbox.xid, outbox.position) > (here.xid, here.position)
  and exists (select from outbox where created_at >= $1)
"""


async def republish(database: Database, since: datetime) -> int:
    """Publish again all events since then that are still kept; how many they are.

    For a broker that came back without its data. Ids stay, so nothing has a second effect.
    """
    async with database.transaction() as tx:
        await tx.execute(REWIND, since)
        return int(await tx.fetchval(BEHIND, since))


def republish_options(parser: argparse.ArgumentParser) -> None:
    """What the command can be told."""
    parser.description = (
        "The running worker publishes all events since then once more, as after a broker lost data."
        " The outbox reaches back RAPPORT_RETENTION__OUTBOX_HOURS. Doing it twice is harmless: ids stay the"
        " same, so nothing has a second effect."
    )
    parser.add_argument(
        "--since",
        type=_moment,
        required=True,
        metavar="MOMENT",
        help=f"such as {EXAMPLE}; without a zone it is UTC",
    )


async def republish_command(service: str, settings: HasDatabase, asked: argparse.Namespace) -> int:
    """`--since TIME`: the running relay publishes all events since then once more.

    Event ids stay the same, so nothing has a second effect. A time without a zone is UTC.
    """
    since: datetime = asked.since
    async with Database.opened(settings.database, service=service) as database:
        number = await republish(database, since)
    nothing = f"No events since {since.isoformat()}; nothing is published again."
    again = f"{number} events since {since.isoformat()} are published again."
    sys.stdout.write(f"{again if number else nothing}\n")
    return 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a moment; such as {EXAMPLE}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
