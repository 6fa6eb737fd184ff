"""A training run as plain values."""
