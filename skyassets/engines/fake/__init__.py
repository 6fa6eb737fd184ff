"""engines/fake."""
