"""The arithmetic of the training plan."""
