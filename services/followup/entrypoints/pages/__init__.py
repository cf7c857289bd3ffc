"""Pages for people: plain HTML in their language, no script, no other host."""
