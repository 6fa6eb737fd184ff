"""`skyassets doctor`: what is installed, what works, and how to fix the rest."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets import __version__
from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import printable
from skyassets.commands.doctor import machine
from skyassets.commands.doctor.finding import Finding, Health, found
from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Limits, Model, Program, RunKind
from skyassets.engines.fake import engine as tiny
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.serving.vllm_server import vllm_problem
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.stages.rewriting.rewrite import ModelRewriting

STYLES = {Health.FINE: "green", Health.OPTIONAL: "yellow", Health.MISSING: "bold red"}
AT_ONCE = 8
"""Number of concurrent checks, so that an unresponsive server does not delay the others."""


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `doctor`."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def doctor(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Say what is installed, what works, what is missing and how to get it.

    Takes some seconds: the compiler and the sandbox are tried, servers and the hub are asked. No model is started.
    """
    findings = examine(recipe, deployment)
    is_well = all(finding.health is not Health.MISSING for finding in findings)
    if options.json:
        told = {"version": __version__, "recipe": recipe.name, "fine": is_well, "findings": list(map(asdict, findings))}
        Console().print(json.dumps(told, indent=1), markup=False, highlight=False, soft_wrap=True)
    else:
        show(recipe, findings)
    return 0 if is_well else 1


DOCTOR = Command(
    doctor,
    arguments,
    (("", "can the recipe run here, and if not, what to do"), ("--json", "the same for machines")),
    Exits("everything the recipe needs is here", "something it needs is missing"),
)


def examine(recipe: Recipe, deployment: Deployment) -> list[Finding]:
    """Check everything `recipe` needs from `deployment`, and optional components, if a check takes only seconds."""
    trains, reads_hub = machine.trains_really(recipe), machine.reads_hub(recipe)
    looks: list[Callable[[], Finding]] = [
        *(partial(machine.package, name, is_needed=True) for name in machine.ALWAYS),
        *(partial(machine.package, name, is_needed=trains) for name in machine.TRAINS),
        partial(machine.package, "datasets", is_needed=reads_hub),
        _vllm,
        partial(machine.compiler, is_needed=trains),
        partial(_sandbox, recipe.limits, deployment),
        *(partial(_server, role, model, deployment) for role, model in _roles(recipe)),
        machine.hub,
        partial(machine.memory, is_needed=trains),
        partial(machine.disk, deployment),
        machine.gpu,
        partial(machine.dagster_home, deployment),
        machine.port,
        machine.browser,
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda look: look(), looks))


def show(recipe: Recipe, findings: Sequence[Finding]) -> None:
    """Print the findings as a table, and a summary."""
    table = Table(title=f"skyassets {__version__}, recipe {recipe.name}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("what", overflow="fold", max_width=26)
    table.add_column("", no_wrap=True)
    table.add_column("seen, and what to do", overflow="fold")
    for one in findings:
        state = Text(one.health, STYLES[one.health])
        told = Text(printable(one.seen))
        if one.do:
            told.append(f"\n-> {printable(one.do)}", "bold")
        table.add_row(Text(printable(one.what)), state, told)
    console = Console()
    console.print(table)
    missing = sum(one.health is Health.MISSING for one in findings)
    summary = f"{missing} thing{'s are' if missing > 1 else ' is'} missing."
    console.print("Everything the recipe needs is here." if not missing else summary, highlight=False)


def _vllm() -> Finding:
    """vLLM, the faster engine; without it, transformers serves."""
    problem = vllm_problem()
    seen = problem or "works here"
    return found("vLLM", problem is None, seen, "models are served by transformers, slower", is_needed=False)


def _sandbox(limits: Limits, deployment: Deployment) -> Finding:
    with ChosenSandbox(deployment.sandbox, deployment.sandbox_image) as sandbox:
        try:
            run, name = sandbox.run(Program("print(6 * 7)"), limits), sandbox.name
        except SkyassetsError as error:
            return found("sandbox", is_fine=False, seen=str(error), do="apt-get install bubblewrap")
    if deployment.sandbox == "none":
        return found("sandbox", is_fine=False, seen=name, do="unset SKYASSETS_SANDBOX: programs run without walls")
    fine = run.kind is RunKind.FINISHED and run.output == "42\n"
    return found("sandbox", fine, f"{name}: {run.kind}", run.detail)


def _roles(recipe: Recipe) -> Iterator[tuple[str, Model]]:
    """The models the recipe asks, by role."""
    yield "teacher", recipe.teacher.model
    if isinstance(recipe.rewriting, ModelRewriting):
        yield "rewriter", recipe.rewriting.model
    if recipe.rating is not None:
        yield "rater", recipe.rating.model
    if recipe.judge is not None:
        yield "judge", recipe.judge.model
    yield "base", recipe.training.base
    yield from ((contender.role, contender.model) for contender in recipe.contenders)


def _server(role: str, model: Model, deployment: Deployment) -> Finding:
    """Whether `model` can be reached in its role, without starting a server or making a call."""
    what = f"{role}: {model.name}"
    try:
        serving = deployment.serving(role, model, lambda line: None)
        if isinstance(serving, OpenAIBatch):
            return found(what, is_fine=True, seen=f"batches at {serving.endpoint.base_url}")
        if not isinstance(serving, RemoteServing):
            return _here(what, model, deployment)
        lists = OpenAIClientPool(serving.endpoints).models()
    except SkyassetsError as error:
        return found(what, is_fine=False, seen=str(error))
    for endpoint, names in zip(serving.endpoints, lists, strict=True):
        if names and endpoint.model_name not in names:
            do = f"serve it there, or say what it is called: SKYASSETS_{role.upper()}_MODEL_NAME"
            return found(what, is_fine=False, seen=f"{endpoint.base_url} has {', '.join(names[:10])}", do=do)
    return found(what, is_fine=True, seen=", ".join(endpoint.base_url for endpoint in serving.endpoints))


def _here(what: str, model: Model, deployment: Deployment) -> Finding:
    """Whether this machine can serve `model`."""
    if model.name == tiny.NAME:
        return found(what, is_fine=True, seen="a pretended model, served in the run itself")
    problem = vllm_problem()
    engine = (
        "transformers" if deployment.engine == "transformers" or (deployment.engine == "auto" and problem) else "vLLM"
    )
    if engine == "vLLM" and problem:
        return found(what, is_fine=False, seen=problem, do="SKYASSETS_ENGINE=auto")
    if not model.name.startswith("package:"):
        seen = f"{engine}; the weights are looked up, and fetched from the hub, when it is first served"
        return found(what, is_fine=True, seen=seen)
    return found(what, is_fine=True, seen=f"{engine}, {weights_folder(model, deployment.data / 'models')}")
