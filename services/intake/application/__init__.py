"""The use cases: load, decide, save, in one transaction."""
