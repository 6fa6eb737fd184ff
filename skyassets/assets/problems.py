"""The problems: those for training, and those of the benchmarks."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, Table
from skyassets.core.tables.store import StageResult
from skyassets.engines.sources.reader import ProblemReader
from skyassets.project.completions import completer
from skyassets.project.graders import graders
from skyassets.project.progress import Progress
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.stages.plots import figures
from skyassets.stages.problems import table as problems
from skyassets.stages.problems.difficulty import ranges, rate
from skyassets.stages.problems.reference_check import validated


def problem_assets(project: Project, declared: dict[str, AssetDeclaration]) -> list[dg.AssetsDefinition]:
    """`raw_problems` and `benchmark_problems`."""
    reader = ProblemReader()
    recipe = project.recipe

    def checked(table: Table, made: StageResult, work: BuildContext) -> StageResult:
        """Remove problems whose own reference is not judged correct, so that no answers to them are paid for."""
        with graders(project, work) as known:
            progress = Progress("references judged", work.said).count
            return validated(table, made, known, project.deployment.workers, progress)

    def make_problems(work: BuildContext) -> StageResult:
        made = checked(PROBLEMS, problems.raw_problems(recipe.sources, reader), work)
        if recipe.rating is not None:
            by = completer(project, "rater", recipe.rating.model, work)
            made = rate(made, recipe.rating, by, ranges(recipe.sources))
        return problems.in_slices(PROBLEMS, made)

    def make_benchmarks(work: BuildContext) -> StageResult:
        made = checked(BENCHMARK_PROBLEMS, problems.benchmark_problems(recipe.benchmarks, reader), work)
        return problems.in_slices(BENCHMARK_PROBLEMS, made)

    return [
        asset(project, declared[PROBLEMS.name], make_problems, figures.problems),
        asset(project, declared[BENCHMARK_PROBLEMS.name], make_benchmarks, figures.problems),
    ]
