"""Completions from OpenAI-compatible servers: requests, retries, rate limits and concurrency."""
