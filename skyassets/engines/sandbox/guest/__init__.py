"""engines/sandbox/guest."""
