"""The waterfall: how many rows each rule dropped, in order, and how many were kept."""

from collections.abc import Sequence

import polars as pl

from skyassets.stages.curation.examples import kept, unjudged

REWRITES = "rewrites"
KEPT = "kept"
ON_TRUST = "of these imported, unjudged"
"""Kept rows that no grader judged correct. They are included in the kept rows and also shown separately."""


def waterfall(examples: pl.DataFrame, rules: Sequence[str]) -> dict[str, int]:
    """The rewrites, the rows that each of `rules` dropped, and the kept rows; the first is the sum of the others."""
    counts = dict(examples["dropped_by"].drop_nulls().value_counts().iter_rows())
    trusted = unjudged(examples).height
    return {
        REWRITES: examples.height,
        **{rule: counts.get(rule, 0) for rule in rules},
        KEPT: kept(examples).height,
        **({ON_TRUST: trusted} if trusted else {}),
    }


def by_domain(examples: pl.DataFrame, rules: Sequence[str]) -> dict[str, dict[str, int]]:
    """The waterfall of each domain: line, domain, rows."""
    domains = sorted(examples["domain"].unique())
    each = {domain: waterfall(examples.filter(pl.col("domain") == domain), rules) for domain in domains}
    lines = list(waterfall(examples, rules))
    return {line: {domain: each[domain].get(line, 0) for domain in domains} for line in lines}
