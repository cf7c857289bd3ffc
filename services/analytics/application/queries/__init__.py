"""Reads: the figures, and whether the stored sums are what the facts say."""
