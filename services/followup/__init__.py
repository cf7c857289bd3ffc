"""Asks every customer whether it is really solved, and records what becomes of each claim."""
