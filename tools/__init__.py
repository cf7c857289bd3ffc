"""Generators of documents, run by `make docs`; no service imports them."""
