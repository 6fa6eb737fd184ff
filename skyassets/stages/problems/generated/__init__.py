"""Procedurally generated problems."""
