"""Accepts contacts from every channel, answers each with a promise, and delivers what we write back."""
