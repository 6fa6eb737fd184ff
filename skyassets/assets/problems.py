"""The problems: to learn from, and held out to be measured on."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import dagster as dg

from skyassets.assets.traces import completer
from skyassets.core.sources import Generated, HubDataset, LocalFile, Source
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, Table
from skyassets.core.tables.store import Made
from skyassets.engines.sources.reader import ProblemReader
from skyassets.project.graders import GRADERS, graders
from skyassets.project.progress import Progress
from skyassets.project.project import House, Spec, Work
from skyassets.stages.plots import figures
from skyassets.stages.problems import table as problems
from skyassets.stages.problems.difficulty import ranges, rate
from skyassets.stages.problems.reference_check import validated

CODE = (
    "skyassets.stages.problems.table",
    "skyassets.stages.problems.reference_check",
    "skyassets.engines.sources",
    *GRADERS,
)
RATING_CODE = (*CODE, "skyassets.stages.problems.difficulty")


def anywhere(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources as they count: what lies on the disk is known by what is in it, not by where it lies."""
    return tuple(replace(source, origin=_origin(source)) for source in sources)


def _origin(source: Source) -> Generated | LocalFile | HubDataset:
    match source.origin:
        case LocalFile():
            return LocalFile("")
        case HubDataset(repo) if Path(repo).is_dir():
            return replace(source.origin, repo="", revision="")
        case _:
            return source.origin


def problem_assets(house: House) -> list[dg.AssetsDefinition]:
    """`raw_problems` and `benchmark_problems`."""
    reader = ProblemReader()
    recipe = house.recipe
    used = (anywhere(recipe.sources), recipe.limits)
    if recipe.rating is None:
        raw = Spec(PROBLEMS, (), CODE, used, "problems", frozenset({"parquet"}))
    else:
        raw = Spec(PROBLEMS, (), RATING_CODE, (*used, recipe.rating), "problems", frozenset({"parquet", "llm"}))
    held_out = Spec(
        BENCHMARK_PROBLEMS,
        (),
        CODE,
        (tuple((one.name, *anywhere([one.source])) for one in recipe.benchmarks), recipe.limits),
        "problems",
        frozenset({"parquet"}),
    )

    def files(sources: Iterable[Source]) -> dict[str, str]:
        """What lies outside the recipe: the files it names may change under it."""
        outside = [source for source in sources if not isinstance(source.origin, Generated)]
        return {f"source {source.name}": reader.fingerprint(source) for source in outside}

    def checked(table: Table, made: Made, work: Work) -> Made:
        """Without the problems whose own reference is not judged correct: nobody pays for an answer to them."""
        with graders(house, work) as known:
            progress = Progress("references judged", work.said).count
            return validated(table, made, known, house.place.workers, progress)

    def make_problems(work: Work) -> Made:
        made = checked(PROBLEMS, problems.raw_problems(recipe.sources, reader), work)
        if recipe.rating is not None:
            by = completer(house, "rater", recipe.rating.model, work)
            made = rate(made, recipe.rating, by, ranges(recipe.sources))
        return problems.in_slices(PROBLEMS, made)

    def make_benchmarks(work: Work) -> Made:
        made = checked(BENCHMARK_PROBLEMS, problems.benchmark_problems(recipe.benchmarks, reader), work)
        return problems.in_slices(BENCHMARK_PROBLEMS, made)

    return [
        house.asset(
            raw,
            make_problems,
            picture=figures.problems,
            outside=lambda context: files(recipe.sources),
        ),
        house.asset(
            held_out,
            make_benchmarks,
            picture=figures.problems,
            outside=lambda context: files(one.source for one in recipe.benchmarks),
        ),
    ]
