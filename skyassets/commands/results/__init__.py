"""commands/results."""
