"""Mechanism: pure functions. No clock, randomness, network, environment or Dagster; external systems are ports."""
