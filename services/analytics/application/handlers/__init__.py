"""Consumed events: load the set once, decide purely, save it once."""
