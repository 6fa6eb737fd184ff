"""The outside: one system per file, each keeping a small port of `core.ports`. Decides nothing about the output."""
