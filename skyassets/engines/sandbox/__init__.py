"""engines/sandbox."""
