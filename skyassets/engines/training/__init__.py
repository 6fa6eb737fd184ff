"""engines/training."""
