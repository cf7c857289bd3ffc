"""Where the core meets PostgreSQL."""
