"""engines/tokenizing."""
