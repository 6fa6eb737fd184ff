"""a training run as plain values."""
