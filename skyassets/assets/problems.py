"""The problems: to learn from, and held out to be measured on."""

from collections.abc import Iterable
from dataclasses import replace

import dagster as dg

from skyassets.assets.house import House, Spec, Work
from skyassets.assets.traces import completer
from skyassets.core.sources import Generated, LocalFile, Source
from skyassets.core.table_store import Made
from skyassets.core.tables import BENCHMARK_PROBLEMS, PROBLEMS
from skyassets.engines.problem_reader import ProblemReader
from skyassets.stages import pictures, problems
from skyassets.stages.rate import ranges, rate

CODE = ("skyassets.stages.problems", "skyassets.engines.problem_reader")
RATING_CODE = (*CODE, "skyassets.stages.rate")


def anywhere(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources as they count: a file is known by what is in it, not by where it lies."""
    return tuple(
        replace(source, origin=LocalFile("")) if isinstance(source.origin, LocalFile) else source for source in sources
    )


def problem_assets(house: House) -> list[dg.AssetsDefinition]:
    """`raw_problems` and `benchmark_problems`."""
    reader = ProblemReader()
    recipe = house.recipe
    sources = anywhere(recipe.sources)
    if recipe.rating is None:
        raw = Spec(PROBLEMS, (), CODE, sources, "problems", frozenset({"parquet"}))
    else:
        raw = Spec(PROBLEMS, (), RATING_CODE, (sources, recipe.rating), "problems", frozenset({"parquet", "llm"}))
    held_out = Spec(
        BENCHMARK_PROBLEMS,
        (),
        CODE,
        tuple((one.name, *anywhere([one.source])) for one in recipe.benchmarks),
        "problems",
        frozenset({"parquet"}),
    )

    def files(sources: Iterable[Source]) -> dict[str, str]:
        """What lies outside the recipe: the files it names may change under it."""
        outside = [source for source in sources if not isinstance(source.origin, Generated)]
        return {f"source {source.name}": reader.fingerprint(source) for source in outside}

    def make_problems(work: Work) -> Made:
        made = problems.raw_problems(recipe.sources, reader)
        if recipe.rating is None:
            return made
        return rate(made, recipe.rating, completer(house, "rater", recipe.rating.model, work), ranges(recipe.sources))

    return [
        house.asset(
            raw,
            make_problems,
            picture=pictures.problems,
            outside=lambda context: files(recipe.sources),
        ),
        house.asset(
            held_out,
            lambda work: problems.benchmark_problems(recipe.benchmarks, reader),
            picture=pictures.problems,
            outside=lambda context: files(one.source for one in recipe.benchmarks),
        ),
    ]
