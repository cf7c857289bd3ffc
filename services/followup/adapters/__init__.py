"""The outside made usable: the database, and the signed links customers get."""
