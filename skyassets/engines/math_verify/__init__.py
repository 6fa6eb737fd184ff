"""Comparison of mathematical answers with math-verify, in worker processes."""
