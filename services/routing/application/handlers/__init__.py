"""Consumed events: one file per aggregate that they change."""
