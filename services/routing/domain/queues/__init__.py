"""Queues: which one takes a contact, and how long one waits there."""
