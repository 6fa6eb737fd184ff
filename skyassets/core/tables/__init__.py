"""declared tables: schema, Parquet, manifest, rebuild decision."""
