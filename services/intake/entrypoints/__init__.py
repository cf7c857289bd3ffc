"""The ways in: SMTP, HTTP, Kafka and the clock."""
