"""engines/host."""
