"""The waterfall: how many rows were dropped for each reason, in the order of the rules, and how many were kept."""

from collections.abc import Sequence

import polars as pl

from skyassets.stages.curation.examples import kept_examples, unjudged_examples

REWRITES = "rewrites"
KEPT = "kept"
ON_TRUST = "of these imported, unjudged"
"""Kept rows that no grader judged correct. They are included in the kept rows and also shown separately."""


def waterfall(examples: pl.DataFrame, drop_reasons: Sequence[str]) -> dict[str, int]:
    """The rewrites, the rows dropped for each reason, and the kept rows; the first is the sum of the others."""
    counts = dict(examples["dropped_by"].drop_nulls().value_counts().iter_rows())
    on_trust = unjudged_examples(examples).height
    return {
        REWRITES: examples.height,
        **{reason: counts.get(reason, 0) for reason in drop_reasons},
        KEPT: kept_examples(examples).height,
        **({ON_TRUST: on_trust} if on_trust else {}),
    }


def by_domain(examples: pl.DataFrame, drop_reasons: Sequence[str]) -> dict[str, dict[str, int]]:
    """The waterfall of each domain: line, domain, rows."""
    domains = sorted(examples["domain"].unique())
    each = {domain: waterfall(examples.filter(pl.col("domain") == domain), drop_reasons) for domain in domains}
    lines = list(waterfall(examples, drop_reasons))
    return {line: {domain: each[domain].get(line, 0) for domain in domains} for line in lines}
