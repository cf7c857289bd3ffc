"""The outside made plain."""
