"""Tokenization of examples in a separate process."""
