"""Other servers that accept a contact over HTTP, to compare intake's with: the usual ones, well made."""
