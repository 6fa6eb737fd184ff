"""engines/serving."""
