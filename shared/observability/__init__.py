"""What the processes say about themselves: names, metrics, traces and logs without personal data."""
