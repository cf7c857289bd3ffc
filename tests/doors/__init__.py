"""Every door, tried with what nobody should send."""
