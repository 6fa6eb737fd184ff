"""`skyassets doctor`: what is installed here, what works, and what to do about the rest."""

import importlib.metadata
import shutil
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from skyassets import __version__
from skyassets.assets.place import Place
from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Limits, Model, Program, RunKind
from skyassets.engines.bubblewrap import Bubblewrap
from skyassets.engines.vllm_server import vllm_problem
from skyassets.engines.weights import weights_folder
from skyassets.recipes.recipe import Recipe

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
    yield _sandbox(recipe.limits)
    yield _model_server(place)
    yield _weights("base", recipe.training.base, place)
    yield _weights("teacher", recipe.teacher.model, place)
    yield _disk(place)


def show(recipe: Recipe, findings: list[Finding]) -> None:
    """Print the findings as a table, and the sum of it."""
    table = Table(title=f"skyassets {__version__}, recipe {recipe.name}")
    for column in ("what", "", "seen", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = "[green]ok[/]" if finding.fine else "[red]missing[/]"
        table.add_row(finding.what, mark, finding.seen, finding.do)
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


def _sandbox(limits: Limits) -> Finding:
    sandbox = Bubblewrap()
    try:
        run = sandbox.run(Program("print(6 * 7)"), limits)
    except SkyassetsError as error:
        return Finding("sandbox", fine=False, seen=str(error), do="apt-get install bubblewrap")
    fine = run.kind is RunKind.FINISHED and run.outputs == ("42\n",)
    return Finding("sandbox", fine, f"{sandbox.name}: {run.kind}", "" if fine else run.detail)


def _model_server(place: Place) -> Finding:
    if place.urls:
        return Finding(
            "model server",
            fine=True,
            seen=", ".join(f"{role}: {url}" for role, urls in place.urls.items() for url in urls),
        )
    problem = vllm_problem()
    if place.engine == "transformers" or (place.engine == "auto" and problem):
        seen = "transformers" + (f" (vLLM cannot run here: {problem})" if problem else "")
        return Finding("model server", fine=True, seen=seen)
    return Finding(
        "model server", fine=problem is None, seen=problem or "vLLM", do="SKYASSETS_ENGINE=auto" * bool(problem)
    )


def _weights(role: str, model: Model, place: Place) -> Finding:
    if role in place.urls or "/" not in model.name:
        return Finding(f"{role}'s weights", fine=True, seen=f"{model.name}: not needed here")
    if not model.name.startswith("package:"):
        return Finding(f"{role}'s weights", fine=True, seen=f"{model.name}: fetched from the hub when first served")
    try:
        return Finding(f"{role}'s weights", fine=True, seen=str(weights_folder(model, place.data / "models")))
    except SkyassetsError as error:
        return Finding(f"{role}'s weights", fine=False, seen=str(error))


def _disk(place: Place) -> Finding:
    folder = next(parent for parent in (place.data, *place.data.parents) if parent.exists())
    free = shutil.disk_usage(folder).free / 1e9
    return Finding("disk", free >= FREE_GB, f"{free:.0f} GB free at {folder}", f"free {FREE_GB} GB" * (free < FREE_GB))
