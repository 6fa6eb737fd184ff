"""What several commands share: the command type, terminal rendering, and access to the stored tables."""
