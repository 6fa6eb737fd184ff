"""The vocabulary: errors, identities, tables, ports and the stores. Knows no stage, engine, recipe or Dagster."""
