"""Accepts contacts from every channel, promises each a time, and delivers what we write back."""
