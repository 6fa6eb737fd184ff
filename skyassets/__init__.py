"""Reasoning-model distillation as a declarative data-lineage pipeline of Dagster assets."""

__version__ = "0.1.0"
