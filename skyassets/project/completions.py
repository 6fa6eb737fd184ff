"""Builds the completer of a model in its role, with storage, progress, usage accounting and a record of its servers.

The record says what serves the rows of a run (number format, template, tokenizer, hardware). It is written as soon as a
server is up.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.ports import CompletionClient, Model, ModelProvider
from skyassets.core.rows.ledger import LedgerEvent
from skyassets.core.rows.serving_records import ServingRecords
from skyassets.engines.fake import engine
from skyassets.engines.host.environment import hardware_summary, installed_versions
from skyassets.engines.models.identity import NONE, model_identity
from skyassets.engines.models.weights import revision_of
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import publishable
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.project.deployment import Deployment
from skyassets.project.progress import Progress
from skyassets.project.project import BuildContext, Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.rewriting.rewrite import ModelRewriting
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.usage import Usage

SERVING_PACKAGES = ("torch", "transformers", "tokenizers")
"""Packages recorded besides the engine, whose version is in every row."""


def completer(context: BuildContext, role: str, model: Model) -> Completer:
    """A completer for `model` in its role."""
    project, run = context.project, context.run.id
    metered = project.accounts.metered(LedgerEvent.SERVING, context.asset, str(model), run, context.run_budget)
    stays = model in _later(project.recipe, role)
    provider = project.deployment.serving(role, model, context.log, context.run_budget, metered, stays=stays)

    def record(model: Model, weights: Path | None) -> None:
        if server := server_record(project.deployment, provider, model, weights):
            serving_records(project).write(run, str(model), server)

    return Completer(
        project.rows.with_log(context.log),
        RecordedProvider(provider, record),
        Progress(role, context.log, context.run_budget).tally,
        asked_for=f"{project.recipe.name}/{context.asset}",
        run=run,
        usage=context.usages.setdefault(role, Usage()),
        record=project.accounts.entries.add,
    )


def _later(recipe: Recipe, role: str) -> list[Model]:
    """The models that answer after `role`, as far as they may be the same one."""
    rewriter = [recipe.rewriting.model] if isinstance(recipe.rewriting, ModelRewriting) else []
    return {"teacher": [*rewriter, recipe.training.base], "rewriter": [recipe.training.base]}.get(role, [])


@dataclass(frozen=True)
class RecordedProvider:
    """Implements the `ModelProvider` port: wraps another provider and records its servers as soon as they are up."""

    inner: ModelProvider
    record: Callable[[Model, Path | None], None]

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """As `inner` does."""
        with self.inner.serve(model, weights) as client:
            self.record(model, weights)
            yield client


def serving_records(project: Project) -> ServingRecords:
    """The serving notes, stored next to the rows shared by all recipes."""
    return ServingRecords(project.deployment.data / "rows")


def server_record(
    deployment: Deployment, provider: ModelProvider, model: Model, weights: Path | None
) -> dict[str, str]:
    """What to record about a local server. Empty for a remote server."""
    if isinstance(provider, engine.FakeProvider):
        local = {"dtype": NONE, "weights dtype": NONE, "chat template": NONE, "tokenizer": NONE}
    elif isinstance(provider, VllmServer | TransformersServer):
        folder = weights or deployment.weights(model)
        local = model_identity(folder) | {"dtype": "auto", "weights revision": revision_of(model, folder)}
        if isinstance(provider, VllmServer):
            options = provider.options
            local |= {"dtype": options.dtype or "auto", "tensor parallel": str(options.tensor_parallel)}
            if options.extra:
                local["flags"] = publishable(options.extra)
    else:
        return {}
    return local | hardware_summary() | installed_versions(SERVING_PACKAGES)
