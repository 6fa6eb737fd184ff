"""The examples: the table with every row and its reason, and the files of the kept ones that other trainers load."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl

from skyassets.assets.gate_checks import gate_checks, held_out_apart
from skyassets.core.files import file_digest, replaced, write_text
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.parquet import write_parquet
from skyassets.core.tables.store import Made
from skyassets.project.accounts import facts_of
from skyassets.project.project import House, Spec, Work
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation import training_files
from skyassets.stages.curation.curate import Judged, curate
from skyassets.stages.curation.examples import kept
from skyassets.stages.plots import figures
from skyassets.stages.publishing.dataset_card import Provenance, card, origin
from skyassets.stages.rewriting.rewrite import ModelRewriting

CODE = (
    "skyassets.stages.curation.curate",
    "skyassets.stages.publishing.dataset_card",
    "skyassets.stages.curation.training_files",
    "skyassets.engines.tokenizing",
)
PARENTS = (REWRITES, TRACES, VERDICTS, PROBLEMS, BENCHMARK_PROBLEMS)
FOLDER = "sft"
"""Where the training files are, beside the tables."""
FILES = "training files"
"""The fact that remembers their digests."""


def curation_assets(house: House) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`sft_dataset`, with the checks that stand between it and the training."""
    recipe = house.recipe
    by = provenance(recipe)
    spec = Spec(
        EXAMPLES,
        PARENTS,
        CODE,
        (recipe.curation, recipe.student_prompts, recipe.training.base, by),
        "curation",
        frozenset({"parquet"}),
    )

    def make(work: Work) -> Made:
        read = house.store.read
        made = curate(
            Judged(read(REWRITES), read(TRACES), read(VERDICTS), read(PROBLEMS), read(BENCHMARK_PROBLEMS)),
            recipe.curation,
            recipe.student_prompts,
            house.place.count(recipe.training.base),
            recipe.gates.minimum,
        )
        versions = {parent.name: house.store.data_version(parent) for parent in PARENTS}
        text = card(made.frame, recipe.curation.names, by, versions)
        files = publish(house.store.folder / FOLDER, made.frame, text, recipe.name)
        costs = facts_of(house.accounts.accepted(kept(made.frame).height), work.purse)
        return replace(made, facts={**made.facts, FILES: files, **costs})

    def damage(rows: pl.DataFrame) -> str:
        manifest = house.store.manifest(EXAMPLES)
        files = manifest.facts.get(FILES) if manifest else None
        if not isinstance(files, dict):
            return f"its folder {FOLDER} was never written"
        harmed = [name for name, digest in files.items() if not is_intact(house.store.folder / FOLDER / name, digest)]
        return f"gone or changed from outside: {', '.join(f'{FOLDER}/{name}' for name in harmed)}" if harmed else ""

    return [
        house.asset(spec, make, picture=lambda rows: figures.waterfall(rows, recipe.curation.names), damage=damage),
        held_out_apart(house),
        gate_checks(house),
    ]


def provenance(recipe: Recipe) -> Provenance:
    """What the card says of the recipe."""
    rewriting = recipe.rewriting
    return Provenance(
        recipe=recipe.name,
        description=recipe.description,
        teacher=str(recipe.teacher.model),
        rewriter=str(rewriting.model) if isinstance(rewriting, ModelRewriting) else "rules",
        student=str(recipe.training.base),
        origins=tuple((source.name, origin(source)) for source in recipe.sources),
    )


def publish(folder: Path, examples: pl.DataFrame, text: str, name: str) -> dict[str, str]:
    """Put the training files into `folder`, each whole or not at all; their names and digests."""
    frames: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        training_files.MESSAGES_FILE: training_files.with_messages,
        training_files.SHAREGPT_FILE: training_files.with_conversations,
    }
    for file, rows in frames.items():
        with replaced(folder / file) as part:
            write_parquet([rows(examples)], part)
    write_text(folder / training_files.INFO_FILE, training_files.dataset_info(name))
    write_text(folder / training_files.CARD_FILE, text)
    names = (*frames, training_files.INFO_FILE, training_files.CARD_FILE)
    return {each: file_digest(folder / each) for each in names}


def is_intact(path: Path, digest: str) -> bool:
    """Whether the file is there and is the one that was written."""
    return path.is_file() and file_digest(path) == digest
