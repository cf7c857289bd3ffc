"""PostgreSQL: a unit of work, a naming convention and migrations."""
