"""The loop from topic to topic: what goes through it, our own at work, and its database ceiling."""
