"""Alembic's door to the tables of analytics."""

from services.analytics.adapters.tables import metadata
from shared.database.migrate import run_in_environment

run_in_environment(metadata)
