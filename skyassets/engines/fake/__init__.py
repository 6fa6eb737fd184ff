"""A fake model with its server and trainer, for tests and the smoke recipe."""
