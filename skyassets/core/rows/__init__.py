"""append-only stores: completions, judgements, ledger."""
