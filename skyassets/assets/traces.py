"""The traces: as the teacher wrote them, and rewritten into one structure."""

from skyassets.core.tables.declarations import PROBLEMS, TRACES
from skyassets.core.tables.store import StageResult
from skyassets.project.completions import completer
from skyassets.project.project import BuildContext
from skyassets.stages.rewriting.rewrite import ModelRewriting, rewrite
from skyassets.stages.sampling.sample import sample


def make_traces(context: BuildContext) -> StageResult:
    """`teacher_traces`."""
    teacher = context.project.recipe.teacher
    return sample(context.project.store.read(PROBLEMS), teacher, completer(context, "teacher", teacher.model))


def make_rewrites(context: BuildContext) -> StageResult:
    """`rewritten_traces`."""
    store, rewriting = context.project.store, context.project.recipe.rewriting
    by = completer(context, "rewriter", rewriting.model) if isinstance(rewriting, ModelRewriting) else None
    return rewrite(store.read(TRACES), store.read(PROBLEMS), rewriting, by)
