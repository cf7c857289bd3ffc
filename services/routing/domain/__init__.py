"""Pure decisions: how a contact lives, who is offered it, what may be granted, which queue takes it."""
