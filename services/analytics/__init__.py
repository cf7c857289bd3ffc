"""Analytics counts what happened: one fact per contact, sums of facts, figures with definitions."""
