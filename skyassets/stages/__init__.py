"""Mechanism: values in, values out. No clock, dice, network, environment or Dagster; the outside comes in as a port."""
