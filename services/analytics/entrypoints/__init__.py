"""What comes in: requests, events, operators, and the time for a periodic job."""
