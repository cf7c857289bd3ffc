"""The use cases: load the set, decide, save the set, inside the caller's transaction."""
