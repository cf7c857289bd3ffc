"""Where work comes from: events from Kafka, requests by HTTP, jobs by the clock."""
