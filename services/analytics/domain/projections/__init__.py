"""From events to facts: one file per publisher, one table."""
