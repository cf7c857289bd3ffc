"""The HTTP API: one module for each resource, with its routes and its schemas."""
