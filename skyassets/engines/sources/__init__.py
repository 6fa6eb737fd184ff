"""Readers of problem sources: local files and Hub data sets."""
