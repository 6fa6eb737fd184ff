"""source rows to problem rows."""
