"""A contact: what it is, how it lives, and what each consumed event means to it."""
