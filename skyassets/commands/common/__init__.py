"""commands/common."""
