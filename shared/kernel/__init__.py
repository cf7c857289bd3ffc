"""The ground floor: identities, time and the kinds of failure. Imports nothing of the project."""
