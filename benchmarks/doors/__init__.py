"""Other ways to take a contact over HTTP, to hold intake's door against: the usual ones, well made."""
