"""The Dagster graph: only this package and `definitions` know Dagster. An asset names its inputs and runs one stage."""
