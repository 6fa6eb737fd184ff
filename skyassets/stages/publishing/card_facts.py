"""What a model's card is written from: the data's parts, the training's course, the scores, out of the tables."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from skyassets.core.sources import HubDataset, Source
from skyassets.core.training.spec import Training
from skyassets.stages.curation.examples import kept
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.publishing.dataset_card import HUB_NAME
from skyassets.stages.reporting.scoreboard import Scoreboard

_LICENCE_LINE = re.compile(r"^license:[ \t]*[\"']?([\w.+-]+)[\"']?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Share:
    """A part of the data: the kept rows of one source, domain and licence."""

    source: str
    domain: str
    licence: str
    """Empty where nobody knows."""
    examples: int
    tokens: int


@dataclass(frozen=True)
class Course:
    """How the training went."""

    steps: int
    tokens: int
    last_loss: float
    """Nats a learned token."""


@dataclass(frozen=True)
class TableVersion:
    """One table as it was: its name, its rows and the digest of them."""

    table: str
    rows: int
    data_version: str


@dataclass(frozen=True)
class CardFacts:
    """What the card says. Names and figures, never a place."""

    recipe: str
    description: str
    training: Training
    course: Course
    data: tuple[Share, ...]
    data_version: str
    """Of the table `sft_dataset`."""
    origins: tuple[tuple[str, str], ...] = ()
    """Each source's name and where it is published."""
    datasets: tuple[str, ...] = ()
    """The sources that are on the hub, by their names there."""
    base_licence: str = ""
    """Empty where nobody knows."""
    system: str = ""
    """The system prompt of the examples."""
    board: Scoreboard | None = None
    """What the report says of this very checkpoint; None without a report."""
    made_with: Mapping[str, object] = field(default_factory=dict)
    """The report's manifest: what the scores were measured with."""
    tested_on: Mapping[str, str] = field(default_factory=dict)
    """Benchmark to its name on the hub, for those that are there."""
    lineage: tuple[TableVersion, ...] = ()
    """The tables from the sources to the report, as they were."""
    name: str = ""
    """The model's own name on the hub; empty before it is published."""
    report: str = ""
    """The folder beside the card with the whole report; empty where there is none."""
    accepted: tuple[str, ...] = ()
    """Licences that forbid something, or are not known, and that the publisher has accepted."""


def shares(examples: pl.DataFrame) -> tuple[Share, ...]:
    """The parts of the kept rows of `sft_dataset`."""
    counted = (pl.len(), pl.col("example_tokens").sum())
    found = kept(examples).group_by("source", "domain", "licence").agg(counted)
    rows = found.sort("source", "domain", "licence", nulls_last=True).iter_rows()
    return tuple(Share(source, domain, licence or "", count, tokens) for source, domain, licence, count, tokens in rows)


def hub_datasets(sources: Sequence[Source], data: Iterable[Share]) -> tuple[str, ...]:
    """The hub's names of the sources that rows were kept of."""
    used = {share.source for share in data}
    found = [each.origin.repo for each in sources if isinstance(each.origin, HubDataset) and each.name in used]
    return tuple(dict.fromkeys(repo for repo in found if is_hub_name(repo)))


def licence_of(readme: str) -> str:
    """The licence that a model's README.md names in its YAML head; empty when it names none, or several."""
    head = readme.split("\n---", 1)[0] if readme.startswith("---\n") else ""
    found = _LICENCE_LINE.search(head)
    return found[1] if found else ""


def is_hub_name(name: str) -> bool:
    """Whether the hub would take it for a model or a data set: an owner, a slash, a name."""
    return "/" in name and HUB_NAME.fullmatch(name) is not None


def tested_on(benchmarks: Iterable[Benchmark]) -> dict[str, str]:
    """The hub's names of the benchmarks that come from there."""
    of = {each.name: each.source.origin for each in benchmarks}
    return {name: one.repo for name, one in of.items() if isinstance(one, HubDataset) and is_hub_name(one.repo)}
