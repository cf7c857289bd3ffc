"""What is served by HTTP: one module per resource, with its routes and its schemas."""
