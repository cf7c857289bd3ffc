"""The pure core: what is known of a contact, what it adds to which sum, what the sums mean."""
