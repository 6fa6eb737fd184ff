"""commands/doctor."""
