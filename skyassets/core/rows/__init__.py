"""Append-only stores: completions, judgements and the ledger."""
