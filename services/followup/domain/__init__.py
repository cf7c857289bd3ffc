"""What follow-up knows and decides: no I/O, no clock, no framework."""
