"""A check-in: what is known of it, what is decided about it, and the steps it can take."""
