"""Matching: which waiting contact is offered to which agent, and why to this one."""
