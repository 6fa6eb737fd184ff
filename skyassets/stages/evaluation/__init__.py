"""Benchmarks, answers, scores and drift."""
