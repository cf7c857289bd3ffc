"""Speed, as ratios to peers and ceilings of the same run."""
