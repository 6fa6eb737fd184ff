"""The waterfall: how many rows each rule dropped, in the order of the rules, and what was left."""

from collections.abc import Sequence

import polars as pl

from skyassets.stages.curation.examples import kept, unjudged

REWRITES = "rewrites"
KEPT = "kept"
ON_TRUST = "of these imported, unjudged"
"""Kept rows that no grader found correct. They are among the kept ones, and shown apart."""


def waterfall(examples: pl.DataFrame, rules: Sequence[str]) -> dict[str, int]:
    """All rewrites, what each of `rules` dropped, and the kept ones: the first number is the sum of the others."""
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
