"""The problems: those for training, and those of the benchmarks."""

from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, Table
from skyassets.core.tables.store import StageResult
from skyassets.engines.sources.reader import ProblemReader
from skyassets.project.completions import completer
from skyassets.project.graders import graders
from skyassets.project.progress import Progress
from skyassets.project.project import BuildContext
from skyassets.stages.problems import table as problems
from skyassets.stages.problems.difficulty import ranges, rate
from skyassets.stages.problems.reference_check import validated


def make_problems(context: BuildContext) -> StageResult:
    """`raw_problems`: the sources' problems, rated if the recipe has a rater."""
    recipe = context.project.recipe
    result = _checked(PROBLEMS, problems.raw_problems(recipe.sources, ProblemReader()), context)
    if recipe.rating is not None:
        result = rate(result, recipe.rating, completer(context, "rater", recipe.rating.model), ranges(recipe.sources))
    return problems.in_slices(PROBLEMS, result)


def make_benchmark_problems(context: BuildContext) -> StageResult:
    """`benchmark_problems`."""
    result = problems.benchmark_problems(context.project.recipe.benchmarks, ProblemReader())
    return problems.in_slices(BENCHMARK_PROBLEMS, _checked(BENCHMARK_PROBLEMS, result, context))


def _checked(table: Table, result: StageResult, context: BuildContext) -> StageResult:
    """Remove problems whose own reference is not judged correct, so that no answers to them are paid for."""
    with graders(context) as known:
        progress = Progress("references judged", context.log).count
        return validated(table, result, known, context.project.deployment.workers, progress)
