"""The problems: to learn from, and held out to be measured on."""

from collections.abc import Iterable
from dataclasses import replace

import dagster as dg

from skyassets.assets.house import House, Spec
from skyassets.core.sources import Generated, LocalFile, Source
from skyassets.core.tables import BENCHMARK_PROBLEMS, PROBLEMS
from skyassets.engines.problem_reader import ProblemReader
from skyassets.stages import pictures, problems

CODE = ("skyassets.stages.problems", "skyassets.engines.problem_reader")


def anywhere(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources as they count: a file is known by what is in it, not by where it lies."""
    return tuple(
        replace(source, origin=LocalFile("")) if isinstance(source.origin, LocalFile) else source for source in sources
    )


def problem_assets(house: House) -> list[dg.AssetsDefinition]:
    """`raw_problems` and `benchmark_problems`."""
    reader = ProblemReader()
    recipe = house.recipe
    raw = Spec(PROBLEMS, (), CODE, anywhere(recipe.sources), "problems", frozenset({"parquet"}))
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

    return [
        house.asset(
            raw,
            lambda work: problems.raw_problems(recipe.sources, reader),
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
