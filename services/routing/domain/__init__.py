"""Pure decisions: who takes a contact, what may be granted, how a contact lives."""
