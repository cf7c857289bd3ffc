"""The documentation of an API, made from its OpenAPI document: examples, fields, and the page `/docs`."""
