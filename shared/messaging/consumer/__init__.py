"""Events in: a consumer group's members, the inbox, and the handlers of a service in one table."""
