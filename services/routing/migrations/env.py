"""What Alembic runs to migrate routing's database."""

from services.routing.adapters.db.tables import metadata
from shared.database.migrate import run_in_environment

run_in_environment(metadata)
