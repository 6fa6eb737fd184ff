"""lineage, diffs, look-ups, forecasts over stored tables."""
