"""engines/training/learning."""
