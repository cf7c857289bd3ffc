"""Every server, tried with what nobody should send."""
