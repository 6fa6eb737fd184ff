"""estimates, intervals, paired tests."""
