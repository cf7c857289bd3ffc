"""Time zones and days to draw from: all kinds of offsets, and all ways to move a clock."""

from datetime import date, datetime, time

from hypothesis import strategies as st

zones = st.sampled_from(
    (
        "UTC",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Ulaanbaatar",
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",
        "Africa/Cairo",
        "Australia/Adelaide",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Antarctica/Troll",
    )
)
"""Among them clocks that are moved by half an hour, by two hours, and at midnight."""
midnights = st.dates(date(2015, 1, 1), date(2030, 1, 1)).map(
    lambda day: datetime.combine(day, time())
)
"""Naive: midnight by whatever clock."""
