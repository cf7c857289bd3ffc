"""The demonstration: a small contact centre, its customers and agents, and the truth at the end."""
