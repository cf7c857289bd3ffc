"""The published language: every event, every topic and the envelope they travel in."""
