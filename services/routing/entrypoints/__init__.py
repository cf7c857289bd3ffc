"""Where the outside calls in: events, requests, timers."""
