"""project/evaluation."""
