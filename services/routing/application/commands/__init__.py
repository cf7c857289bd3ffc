"""Use cases, one a file: load the set, decide, save the set; each returns its answer and its events."""
