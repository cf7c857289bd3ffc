"""Real PostgreSQL and a real broker on a machine that has only Python, and the platform on them."""
