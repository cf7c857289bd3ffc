"""What intake decides, without I/O: who wrote, about what, what we promise, when to try again."""
