"""project/publishing."""
