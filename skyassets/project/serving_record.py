"""Records what serves the rows of a run as soon as a server is up: number format, template, tokenizer, hardware."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.ports import CompletionClient, Model, ModelProvider
from skyassets.core.rows.serving_records import ServingNotes
from skyassets.engines.fake import engine
from skyassets.engines.host.environment import hardware_summary, installed_versions
from skyassets.engines.models.identity import NONE, model_identity
from skyassets.engines.models.weights import revision_of
from skyassets.engines.serving.transformers_server import TransformersServer
from skyassets.engines.serving.vllm_options import shown
from skyassets.engines.serving.vllm_server import VllmServer
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project

SERVING_PACKAGES = ("torch", "transformers", "tokenizers")
"""Packages recorded besides the engine, whose version is in every row."""


@dataclass(frozen=True)
class NotedServing:
    """Implements the `ModelProvider` port: wraps another provider and records its servers as soon as they are up."""

    inner: ModelProvider
    note: Callable[[Model, Path | None], None]

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """As `inner` does."""
        with self.inner.serve(model, weights) as client:
            self.note(model, weights)
            yield client


def notes_of(project: Project) -> ServingNotes:
    """The serving notes, stored next to the rows shared by all recipes."""
    return ServingNotes(project.deployment.data / "rows")


def noted(project: Project, run: str, serving: ModelProvider) -> ModelProvider:
    """`serving`, with its servers recorded for the run."""

    def note(model: Model, weights: Path | None) -> None:
        if told := serving_told(project.deployment, serving, model, weights):
            notes_of(project).write(run, str(model), told)

    return NotedServing(serving, note)


def serving_told(deployment: Deployment, serving: ModelProvider, model: Model, weights: Path | None) -> dict[str, str]:
    """What to record about a local server. Empty for a remote server."""
    if isinstance(serving, engine.FakeProvider):
        here = {"dtype": NONE, "weights dtype": NONE, "chat template": NONE, "tokenizer": NONE}
    elif isinstance(serving, VllmServer | TransformersServer):
        folder = weights or deployment.weights(model)
        here = model_identity(folder) | {"dtype": "auto", "weights revision": revision_of(model, folder)}
        if isinstance(serving, VllmServer):
            options = serving.options
            here |= {"dtype": options.dtype or "auto", "tensor parallel": str(options.tensor_parallel)}
            if options.extra:
                here["flags"] = shown(options.extra)
    else:
        return {}
    return here | hardware_summary() | installed_versions(SERVING_PACKAGES)
