"""Tells Alembic the tables of analytics."""

from services.analytics.adapters.db.tables import metadata
from shared.database.migrate import run_in_environment

run_in_environment(metadata)
