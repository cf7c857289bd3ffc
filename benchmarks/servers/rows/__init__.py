"""Servers that store for each request all rows that intake stores, under the same constraints.

Theirs are intake's own tables, but for the outbox. They accept contacts by mail address alone, and leave out
what takes no row: tokens, keys against repetition, threads, topic rules, queues, measures and spans.
"""
