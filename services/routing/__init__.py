"""Routing: every contact to a free agent who has the skills, the language and the authority."""
