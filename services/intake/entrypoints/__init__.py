"""The doors: SMTP, HTTP, Kafka and the clock."""
