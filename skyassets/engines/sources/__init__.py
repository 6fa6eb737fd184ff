"""engines/sources."""
