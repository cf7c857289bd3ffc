"""What at least two services need: contracts, messaging, database, HTTP, telemetry, runtime."""
