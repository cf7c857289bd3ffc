"""The doors: what is heard from Kafka, what comes by HTTP, what is due by the clock."""
