"""What operators and periodic jobs ask for, one use case a file."""
