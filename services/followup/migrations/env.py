"""What Alembic runs to migrate followup's database."""

from services.followup.adapters.db.tables import metadata
from shared.database.migrate import run_in_environment

run_in_environment(metadata)
