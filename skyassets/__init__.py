"""Reasoning-model distillation as a declarative data-lineage pipeline of Dagster assets."""

from skyassets.core.moved_modules import install

__version__ = "0.1.0"

install()
