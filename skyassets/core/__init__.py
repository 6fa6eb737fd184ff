"""The shared vocabulary: errors, identities, tables, ports and stores. Imports no stage, engine, recipe or Dagster."""
