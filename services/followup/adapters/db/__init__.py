"""SQL by hand: each set is loaded, locked or saved in one statement."""
