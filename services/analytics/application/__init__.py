"""The use cases: count a batch, read figures, count anew."""
