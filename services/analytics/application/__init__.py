"""The use cases: count a batch, answer a question, count anew."""
