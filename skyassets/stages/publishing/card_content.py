"""The content of a model card, read from the tables: parts of the data, the training run, the scores."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from skyassets.core.sources import HubDataset, Source
from skyassets.core.training.spec import Training
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.publishing.dataset_card import HUB_NAME
from skyassets.stages.reporting.scoreboard import Scoreboard

_LICENCE_LINE = re.compile(r"^license:[ \t]*[\"']?([\w.+-]+)[\"']?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class DataPart:
    """The kept rows of one source, domain and licence."""

    source: str
    domain: str
    licence: str
    """Empty if unknown."""
    examples: int
    tokens: int


@dataclass(frozen=True)
class TrainingSummary:
    """Summary of the training run."""

    steps: int
    tokens: int
    last_loss: float
    """Nats per learned token."""


@dataclass(frozen=True)
class TableVersion:
    """A version of a table: its name, number of rows and digest."""

    table: str
    rows: int
    data_version: str


@dataclass(frozen=True)
class CardContent:
    """The content of the card: names and figures, never a local path or host."""

    recipe: str
    description: str
    training: Training
    summary: TrainingSummary
    data: tuple[DataPart, ...]
    data_version: str
    """Data version of the table `sft_dataset`."""
    origins: tuple[tuple[str, str], ...] = ()
    """Name of each source and where it is published."""
    datasets: tuple[str, ...] = ()
    """Hub names of the sources that are on the hub."""
    base_licence: str = ""
    """Empty if unknown."""
    system: str = ""
    """The system prompt of the examples."""
    board: Scoreboard | None = None
    """The report's scores of this checkpoint; None without a report."""
    made_with: Mapping[str, object] = field(default_factory=dict)
    """The report's manifest."""
    tested_on: Mapping[str, str] = field(default_factory=dict)
    """Benchmark to its hub name, for benchmarks on the hub."""
    lineage: tuple[TableVersion, ...] = ()
    """Versions of the tables from the sources to the report."""
    name: str = ""
    """The model's hub name; empty before it is published."""
    report: str = ""
    """The folder next to the card with the full report; empty if there is none."""
    accepted: tuple[str, ...] = ()
    """Restrictive or unknown licences that the publisher has accepted."""


def data_parts(examples: pl.DataFrame) -> tuple[DataPart, ...]:
    """Kept rows of `sft_dataset` by source, domain and licence."""
    counted = (pl.len(), pl.col("example_tokens").sum())
    groups = kept_examples(examples).group_by("source", "domain", "licence").agg(counted)
    rows = groups.sort("source", "domain", "licence", nulls_last=True).iter_rows()
    return tuple(DataPart(source, domain, licence or "", *numbers) for source, domain, licence, *numbers in rows)


def hub_datasets(sources: Sequence[Source], data: Iterable[DataPart]) -> tuple[str, ...]:
    """Hub names of the sources with kept rows."""
    used = {part.source for part in data}
    repos = [each.origin.repo for each in sources if isinstance(each.origin, HubDataset) and each.name in used]
    return tuple(dict.fromkeys(repo for repo in repos if is_hub_name(repo)))


def licence_of(readme: str) -> str:
    """The licence in the YAML front matter of a model's README.md; empty if it names none, or several."""
    head = readme.split("\n---", 1)[0] if readme.startswith("---\n") else ""
    match = _LICENCE_LINE.search(head)
    return match[1] if match else ""


def is_hub_name(name: str) -> bool:
    """Whether `name` is a valid hub name of a model or a data set: OWNER/NAME."""
    return "/" in name and HUB_NAME.fullmatch(name) is not None


def tested_on(benchmarks: Iterable[Benchmark]) -> dict[str, str]:
    """Hub names of the benchmarks that come from the hub."""
    of = {each.name: each.source.origin for each in benchmarks}
    return {name: one.repo for name, one in of.items() if isinstance(one, HubDataset) and is_hub_name(one.repo)}
