"""The outside made plain: tables, SQL and wake-ups."""
