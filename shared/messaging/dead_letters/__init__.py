"""Records that could not be processed: kept as they came, with the reason, to be read and replayed."""
