"""`skyassets doctor`: what is installed here, what works, and what to do about the rest."""

import importlib.metadata
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets import __version__
from skyassets.assets.place import Place
from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Limits, Model, Program, RunKind
from skyassets.engines import tiny
from skyassets.engines.endpoint import Endpoint
from skyassets.engines.openai_asker import OpenAIAsker
from skyassets.engines.openai_batch import OpenAIBatch
from skyassets.engines.sandbox_choice import ChosenSandbox
from skyassets.engines.vllm_server import vllm_problem
from skyassets.engines.weights import weights_folder
from skyassets.recipes.recipe import Recipe
from skyassets.stages.rewrite import ModelRewriting

PACKAGES = ("dagster", "polars", "openai", "torch", "transformers", "deepspeed", "datasets")
FREE_GB = 5


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, whether the recipe can run, what was seen, what to do."""

    what: str
    fine: bool
    seen: str
    do: str = ""


def doctor(recipe: Recipe, place: Place, options: Namespace) -> int:
    """Say what is installed, what works, what is missing and how to get it."""
    findings = list(examine(recipe, place))
    show(recipe, findings)
    return 0 if all(finding.fine for finding in findings) else 1


def examine(recipe: Recipe, place: Place) -> Iterator[Finding]:
    """Everything `recipe` needs of `place`, tried where it can be tried cheaply."""
    for package in PACKAGES:
        yield _package(package)
    yield _sandbox(recipe.limits, place)
    for role, model in _roles(recipe):
        yield _server(role, model, place)
    yield _disk(place)


def show(recipe: Recipe, findings: list[Finding]) -> None:
    """Print the findings as a table, and the sum of it."""
    table = Table(title=f"skyassets {__version__}, recipe {recipe.name}")
    for column in ("what", "", "seen", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.fine else "[red]missing[/]"
        table.add_row(Text(finding.what), mark, Text(finding.seen), Text(finding.do))
    console = Console()
    console.print(table)
    missing = sum(not finding.fine for finding in findings)
    console.print("Everything the recipe needs is here." if not missing else f"{missing} things are missing.")


def _package(name: str) -> Finding:
    try:
        return Finding(name, fine=True, seen=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        do = "install skyassets with its extra [cpu] or [gpu], as the README says"
        return Finding(name, fine=False, seen="not installed", do=do)


def _sandbox(limits: Limits, place: Place) -> Finding:
    with ChosenSandbox(place.sandbox, place.sandbox_image) as sandbox:
        try:
            run, name = sandbox.run(Program("print(6 * 7)"), limits), sandbox.name
        except SkyassetsError as error:
            return Finding("sandbox", fine=False, seen=str(error), do="apt-get install bubblewrap")
    if place.sandbox == "none":
        return Finding("sandbox", fine=False, seen=name, do="unset SKYASSETS_SANDBOX: programs run without walls")
    fine = run.kind is RunKind.FINISHED and run.output == "42\n"
    return Finding("sandbox", fine, f"{name}: {run.kind}", "" if fine else run.detail)


def _roles(recipe: Recipe) -> Iterator[tuple[str, Model]]:
    """Whom the recipe asks, in which role."""
    yield "teacher", recipe.teacher.model
    if isinstance(recipe.rewriting, ModelRewriting):
        yield "rewriter", recipe.rewriting.model
    if recipe.rating is not None:
        yield "rater", recipe.rating.model
    if recipe.judge is not None:
        yield "judge", recipe.judge.model
    yield "base", recipe.training.base


def _server(role: str, model: Model, place: Place) -> Finding:
    """Whether `model` can be reached in its role, as far as that can be seen without starting a server or a call."""
    what = f"{role}: {model.name}"
    try:
        serving = place.serving(role, model, lambda line: None)
        if isinstance(serving, OpenAIBatch):
            return Finding(what, fine=True, seen=f"batches at {serving.upstream.base_url}")
        if not isinstance(serving, Endpoint):
            return _here(what, model, place)
        lists = OpenAIAsker(serving.upstreams).models()
    except SkyassetsError as error:
        return Finding(what, fine=False, seen=str(error))
    for upstream, names in zip(serving.upstreams, lists, strict=True):
        if names and upstream.model_name not in names:
            do = f"serve it there, or say what it is called: SKYASSETS_{role.upper()}_MODEL_NAME"
            return Finding(what, fine=False, seen=f"{upstream.base_url} has {', '.join(names[:10])}", do=do)
    return Finding(what, fine=True, seen=", ".join(upstream.base_url for upstream in serving.upstreams))


def _here(what: str, model: Model, place: Place) -> Finding:
    """Whether this machine can serve `model`."""
    if model.name == tiny.NAME:
        return Finding(what, fine=True, seen="a pretended model, served in the run itself")
    problem = vllm_problem()
    engine = "transformers" if place.engine == "transformers" or (place.engine == "auto" and problem) else "vLLM"
    if engine == "vLLM" and problem:
        return Finding(what, fine=False, seen=problem, do="SKYASSETS_ENGINE=auto")
    if not model.name.startswith("package:"):
        seen = f"{engine}; the weights are looked up, and fetched from the hub, when it is first served"
        return Finding(what, fine=True, seen=seen)
    return Finding(what, fine=True, seen=f"{engine}, {weights_folder(model, place.data / 'models')}")


def _disk(place: Place) -> Finding:
    folder = next(parent for parent in (place.data, *place.data.parents) if parent.exists())
    free = shutil.disk_usage(folder).free / 1e9
    return Finding("disk", free >= FREE_GB, f"{free:.0f} GB free at {folder}", f"free {FREE_GB} GB" * (free < FREE_GB))
