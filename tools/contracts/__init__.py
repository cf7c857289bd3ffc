"""Writes what is generated from the contracts: JSON Schemas, the AsyncAPI document, docs/events.md."""
