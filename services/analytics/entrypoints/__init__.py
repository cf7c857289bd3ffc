"""The doors: HTTP routes, and the ears of the consumer."""
