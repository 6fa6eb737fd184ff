"""The files that can be published, each checked against the digest recorded when it was made."""

import hashlib
from pathlib import Path

import polars as pl

from skyassets.core.publication import RepoFile
from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES
from skyassets.engines.training.checkpoint_folder import CARD, sha256
from skyassets.project.project import Project
from skyassets.project.sft_files import FILES, FOLDER, is_intact
from skyassets.project.training_runs import run_name_in, training_runs


def data_files(project: Project, refused: list[str]) -> list[RepoFile]:
    """The training files, without their local card, which is replaced by the one for the Hub."""
    manifest = project.store.manifest(EXAMPLES)
    named = manifest.metadata.get(FILES) if manifest else None
    if not isinstance(named, dict):
        refused.append(f"the training files in {FOLDER}/ were never written: materialize sft_dataset")
        return []
    folder = project.store.folder / FOLDER
    files = []
    for name, digest in named.items():
        if name == CARD:
            continue
        if is_intact(folder / name, digest):
            files.append(local_file(name, folder / name))
        else:
            refused.append(f"{FOLDER}/{name} is missing or modified: materialize sft_dataset")
    return files


def weights_files(project: Project, refused: list[str]) -> list[RepoFile]:
    """The files of the weights, each checked against the table `checkpoint`."""
    table = project.store.read(CHECKPOINT)
    runs, run = training_runs(project), run_name_in(table)
    if not runs.is_finished(run):
        refused.append(f"the weights of run {run} are missing or unfinished: materialize checkpoint")
        return []
    folder = runs.folder / run
    files = []
    rows = table.filter(pl.col("kind") == "file").sort("path")
    for name, size, known in rows.select("path", "bytes", "sha256").iter_rows():
        path = folder / name
        if not path.is_file():
            refused.append(f"weights file {name} is missing: materialize checkpoint")
        elif path.stat().st_size != size or sha256(path) != known:
            refused.append(f"weights file {name} is not the trained one: materialize checkpoint")
        else:
            files.append(RepoFile(name, size, known, path))
    return files


def local_file(path: str, file: Path) -> RepoFile:
    """A local file that is uploaded unchanged."""
    return RepoFile(path, file.stat().st_size, sha256(file), file)


def generated_file(path: str, text: str) -> RepoFile:
    """A text generated for the Hub."""
    content = text.encode()
    return RepoFile(path, len(content), hashlib.sha256(content).hexdigest(), content)
