"""The rows of sources, and of the tables of problems."""

from collections.abc import Mapping

SourceRow = Mapping[str, object]
Problem = dict[str, object]
"""A row of `raw_problems` or `benchmark_problems`, maybe without its ids."""
