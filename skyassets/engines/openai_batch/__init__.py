"""Completions through OpenAI's Batch API."""
