"""The files of the kept examples for other trainers, with their card."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from skyassets.core.files import file_digest, replaced, write_text
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.parquet import write_parquet
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation import training_files
from skyassets.stages.publishing.dataset_card import Provenance, card, origin
from skyassets.stages.rewriting.rewrite import ModelRewriting

PARENTS = (REWRITES, TRACES, VERDICTS, PROBLEMS, BENCHMARK_PROBLEMS)
FOLDER = "sft"
"""The folder of the training files, next to the tables."""
FILES = "training files"
"""The metadata key of their digests."""


def provenance(recipe: Recipe) -> Provenance:
    """What the card says about the recipe."""
    rewriting = recipe.rewriting
    return Provenance(
        recipe=recipe.name,
        description=recipe.description,
        teacher=str(recipe.teacher.model),
        rewriter=str(rewriting.model) if isinstance(rewriting, ModelRewriting) else "rules",
        student=str(recipe.training.base),
        origins=tuple((source.name, origin(source)) for source in recipe.sources),
    )


def data_card(project: Project, examples: pl.DataFrame, more: Sequence[str] = (), repo: str = "") -> str:
    """The data set's card; `more` are further lines, `repo` is the repository it is published in."""
    versions = {parent.name: project.store.data_version(parent) for parent in PARENTS}
    recipe = project.recipe
    return card(examples, recipe.curation.drop_reasons, provenance(recipe), versions, more=more, place=repo)


def write_files(folder: Path, examples: pl.DataFrame, text: str, name: str) -> dict[str, str]:
    """Write the training files into `folder`, each atomically; returns their names and digests."""
    for file in training_files.FORMATS:
        with replaced(folder / file) as part:
            write_parquet([training_files.training_rows(examples, file)], part)
    write_text(folder / training_files.INFO_FILE, training_files.dataset_info(name))
    write_text(folder / training_files.CARD_FILE, text)
    names = (*training_files.FORMATS, training_files.INFO_FILE, training_files.CARD_FILE)
    return {each: file_digest(folder / each) for each in names}


def is_intact(path: Path, digest: str) -> bool:
    """Whether the file exists and is unchanged."""
    return path.is_file() and file_digest(path) == digest
