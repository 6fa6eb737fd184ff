"""Rewrites traces into one structure."""
