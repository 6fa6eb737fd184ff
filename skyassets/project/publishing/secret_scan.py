"""Scans what is to be published for secrets and for names that identify this machine."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.publication import RepoFile, RepoType
from skyassets.engines.host import private_names
from skyassets.engines.host.private_names import SHORTEST_SECRET
from skyassets.engines.hub import upload
from skyassets.project.evaluation.report_files import FILES as PAGES
from skyassets.project.project import Project
from skyassets.stages.publishing.secret_scan import MOST, PrivateStrings, leaks

VOCABULARY = ("tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "added_tokens.json")
"""Vocabulary files of the base model, copied unchanged; they contain arbitrary words."""
WORDS = (".md", ".json", ".html", ".txt", ".jinja", ".yaml", ".yml")
"""Suffixes of text files."""
ROWS_AT_ONCE = 2_000


def leaks_in(project: Project, files: Iterable[tuple[RepoType, RepoFile]]) -> Iterator[str]:
    """The files that contain private content, with a description of it."""
    keys = project.deployment.keys.items()
    secrets = {key: f"the key of {role}" for role, values in keys for key in values if len(key) >= SHORTEST_SECRET}
    secrets |= {one: "the hub's token"} if (one := upload.token()) else {}
    private = PrivateStrings(
        secrets=private_names.secrets() | secrets,
        folders=private_names.folders(project.deployment.data),
        names=private_names.names(),
    )
    for kind, item in files:
        try:
            matches = dict.fromkeys(
                leak for text, is_ours in _texts(kind, item) for leak in leaks(text, private, is_ours)
            )
        except pl.exceptions.PolarsError as error:
            yield f"{kind.value}: {item.path} cannot be read: {error}; materialize it again"
            continue
        if matches:
            text = "; ".join(list(matches)[:MOST])
            yield f"{kind.value}: {item.path} contains {text}: remove it and materialize again"


def _texts(kind: RepoType, item: RepoFile) -> Iterator[tuple[str, bool]]:
    """The readable texts of a file, and whether they are our own words."""
    name = item.path.rpartition("/")[2]
    if name.endswith(".parquet") and isinstance(item.content, Path):
        rows = pl.scan_parquet(item.content)
        height = rows.select(pl.len()).collect().item()
        for start in range(0, height, ROWS_AT_ONCE):
            yield rows.slice(start, ROWS_AT_ONCE).collect().write_ndjson(), kind is RepoType.MODEL or "/" in item.path
    elif name.endswith(WORDS) and name not in VOCABULARY:
        content = item.content.read_bytes() if isinstance(item.content, Path) else item.content
        yield content.decode("utf-8", errors="replace"), name not in PAGES
