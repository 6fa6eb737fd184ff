"""rewriting traces into one structure."""
