"""Customers and agents as the platform meets them: through its public interfaces, nothing else."""
