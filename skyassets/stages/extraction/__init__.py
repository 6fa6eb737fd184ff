"""Extracts the final answer from a text: its last box, stated value, or number. Judges nothing."""
