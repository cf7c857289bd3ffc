"""The use cases: load the set, decide, save the set, in one transaction."""
