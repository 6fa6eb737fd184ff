"""Builds the completer of a model in its role, with storage, progress and usage accounting."""

from skyassets.core.ports import Model
from skyassets.core.rows.ledger import Event
from skyassets.project.progress import Progress
from skyassets.project.project import BuildContext, Project
from skyassets.project.serving_record import noted
from skyassets.recipes.recipe import Recipe
from skyassets.stages.rewriting.rewrite import ModelRewriting
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.usage import Usage


def completer(project: Project, role: str, model: Model, work: BuildContext) -> Completer:
    """A completer for `model` in its role."""
    metered = project.accounts.metered(Event.SERVING, work.asset, str(model), work.run.id, work.run_budget)
    serving = project.deployment.serving(
        role, model, work.said, work.run_budget, metered, stays=model in _later(project.recipe, role)
    )
    return Completer(
        project.rows.telling(work.said),
        noted(project, work.run.id, serving),
        Progress(role, work.said, work.run_budget).tally,
        asked_for=f"{project.recipe.name}/{work.asset}",
        run=work.run.id,
        usage=work.usages.setdefault(role, Usage()),
        noted=project.accounts.entries.add,
    )


def _later(recipe: Recipe, role: str) -> list[Model]:
    """The models that answer after `role`, as far as they may be the same one."""
    rewriter = [recipe.rewriting.model] if isinstance(recipe.rewriting, ModelRewriting) else []
    return {"teacher": [*rewriter, recipe.training.base], "rewriter": [recipe.training.base]}.get(role, [])
