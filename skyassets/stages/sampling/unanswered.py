"""Finds the evaluated models without a single answer, with the reasons."""

import polars as pl

from skyassets.stages.sampling.usable_rows import why_unusable

COLUMNS = ("role", "error")
"""The columns of `benchmark_answers` that this needs."""


def unanswered(answers: pl.DataFrame) -> dict[str, str]:
    """Role to the reason, for every role of which no row of `answers` has an answer, in the order of the rows."""
    errors = answers.group_by("role", maintain_order=True).agg("error").iter_rows()
    reasons = {str(role): why_unusable(f"answers of {role}", of_role) for role, of_role in errors}
    return {role: reason for role, reason in reasons.items() if reason}
