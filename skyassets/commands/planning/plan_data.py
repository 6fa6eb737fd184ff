"""The lengths of the examples that `skyassets plan` uses: stored or expected ones."""

from argparse import Namespace
from dataclasses import dataclass

import polars as pl

from skyassets.core.errors import GateError, SkyassetsError
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.project.project import Project
from skyassets.stages.training.batching import SPREAD, typical_lengths


@dataclass(frozen=True)
class Examples:
    """The lengths of the examples in tokens, and their origin."""

    lengths: list[int]
    learned: int
    """Their tokens that count in the loss; 0 if not counted."""
    says: str


def examples(project: Project, cutoff: int, options: Namespace) -> Examples:
    """From `--rows` and `--tokens` if given, else from the stored data set, else from the recipe's expected figures.

    Raises:
        SkyassetsError: when their number or length is unknown.
    """
    expected = project.recipe.expected
    if options.rows is None and options.tokens is None and project.store.manifest(EXAMPLES) is not None:
        return _stored(project, cutoff)
    rows = expected.rows if options.rows is None and expected else options.rows
    tokens = expected.row_tokens if options.tokens is None and expected else options.tokens
    if rows is None or tokens is None:
        raise SkyassetsError(
            f"{project.recipe.name}: there is no sft_dataset yet, and the recipe states no expected size; give one "
            "(--rows 5000 --tokens 1200), or make the data set first"
        )
    if not 1 <= tokens <= cutoff or rows < 1:
        raise SkyassetsError(
            f"--rows is {rows} and --tokens is {tokens:g}; they must be 1 or more, and the mean at most {cutoff}"
        )
    source = "expected by the recipe" if options.rows is None or options.tokens is None else "as given"
    return Examples(
        typical_lengths(rows, tokens, cutoff),
        0,
        f"{rows:,} examples of {tokens:,.0f} tokens on average, {source}; lengths assumed to be log-normal (spread "
        f"{SPREAD:g}), none above the cutoff",
    )


def _stored(project: Project, cutoff: int) -> Examples:
    rows = (
        project.store.read(EXAMPLES).filter(pl.col("dropped_by").is_null()).select("example_tokens", "learned_tokens")
    )
    lengths = rows["example_tokens"].to_list()
    fitting = [length for length in lengths if length <= cutoff]
    if not fitting:
        raise GateError("checkpoint: sft_dataset keeps no example within the cutoff, so there is nothing to train on")
    longer = f"; {len(lengths) - len(fitting)} longer ones are left out" if len(fitting) < len(lengths) else ""
    return Examples(
        fitting,
        int(rows["learned_tokens"].sum() or 0),
        f"the {len(fitting):,} kept rows of sft_dataset, {sum(fitting) / len(fitting):,.0f} tokens on average{longer}",
    )
