"""Declared tables: schema, Parquet files, manifest, and the decision to rebuild."""
