"""commands/inspection."""
