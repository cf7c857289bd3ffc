"""An eye on the database for a process that does nothing until it is asked."""

from shared.database.database import Database
from shared.jobs.periodic import PeriodicJob

ASK_EVERY_SECONDS = 3.0


def database_contact(database: Database) -> PeriodicJob:
    """A part that asks the database for a sign of life, so that an outage is told, and its end."""

    async def ask() -> float:
        await database.ping()
        return ASK_EVERY_SECONDS

    return PeriodicJob("contact", ask)
