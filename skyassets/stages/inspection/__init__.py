"""Lineage, diffs, look-ups and forecasts over stored tables."""
