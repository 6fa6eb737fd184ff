"""commands/planning."""
