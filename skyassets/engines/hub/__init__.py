"""engines/hub."""
