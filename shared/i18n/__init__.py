"""How we speak to people: by their name, in their language, at their time of day."""
