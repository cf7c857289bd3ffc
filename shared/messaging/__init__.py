"""Events in and out: outbox, relay, inbox, consumer, dead letters."""
