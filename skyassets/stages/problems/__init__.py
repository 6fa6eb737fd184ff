"""Converts source rows to problem rows."""
