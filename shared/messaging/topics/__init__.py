"""The topics of a service as the broker is to keep them: planned, created, checked, given more partitions."""
