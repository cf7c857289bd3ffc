"""Where the outside calls in: events, requests, and time."""
