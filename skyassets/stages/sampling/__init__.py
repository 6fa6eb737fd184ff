"""Prompts, sampling settings, completions and usage."""
