"""Data set and model cards, licences, and the secret scan."""
