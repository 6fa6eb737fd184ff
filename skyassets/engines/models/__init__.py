"""engines/models."""
