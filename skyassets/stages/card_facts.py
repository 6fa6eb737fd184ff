"""What a model's card is written from: the data's parts, the training's course, the scores, out of the tables."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.core.sources import HubDataset, Source
from skyassets.core.training import Training
from skyassets.stages.card import HUB_NAME
from skyassets.stages.example import kept
from skyassets.stages.report import EVERY, GAIN

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
class Score:
    """A row of `benchmark_reports`: what base or student reached on a whole benchmark, from 0 to 1."""

    benchmark: str
    metric: str
    role: str
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Course:
    """How the training went."""

    steps: int
    tokens: int
    last_loss: float
    """Nats a learned token."""


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
    scores: tuple[Score, ...] = ()


def shares(examples: pl.DataFrame) -> tuple[Share, ...]:
    """The parts of the kept rows of `sft_dataset`."""
    counted = (pl.len(), pl.col("example_tokens").sum())
    found = kept(examples).group_by("source", "domain", "licence").agg(counted)
    rows = found.sort("source", "domain", "licence", nulls_last=True).iter_rows()
    return tuple(Share(source, domain, licence or "", count, tokens) for source, domain, licence, count, tokens in rows)


def scores(reports: pl.DataFrame) -> tuple[Score, ...]:
    """The strict and lenient accuracy of base and student on whole benchmarks, out of `benchmark_reports`."""
    whole = (pl.col("family") == EVERY) & (pl.col("role") != GAIN) & pl.col("value").is_not_null()
    rows = reports.filter(whole, pl.col("metric").str.ends_with("accuracy"))
    columns = ("benchmark", "metric", "role", "n", "value", "low", "high")
    return tuple(Score(*row) for row in rows.select(columns).sort("benchmark", "metric", "role").iter_rows())


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
