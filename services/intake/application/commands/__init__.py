"""Use cases, one a file: each returns its response and its events."""
