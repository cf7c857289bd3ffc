"""Consumed events: load the set once, decide in partition order, save once."""
