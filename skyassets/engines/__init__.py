"""Adapters to external systems, each implementing a port of `core.ports`. They do not decide what is produced."""
