"""training plan arithmetic."""
