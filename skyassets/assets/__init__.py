"""The graph: the only room beside `definitions` that knows Dagster. An asset names its inputs and calls one stage."""
