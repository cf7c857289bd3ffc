"""Alembic's entry: run by `python -m services.intake migrate`."""

from services.intake.adapters.db.tables import metadata
from shared.database.migrate import run_in_environment

run_in_environment(metadata)
