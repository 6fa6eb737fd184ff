"""`skyassets doctor`: what is installed, what works, and how to fix the rest."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

from rich.console import Console
from rich.text import Text

from skyassets import __version__
from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text, printable
from skyassets.commands.doctor import machine
from skyassets.commands.doctor.diagnosis import Diagnosis, Health, diagnosis
from skyassets.commands.doctor.servers import ServerChecks
from skyassets.commands.doctor.sources import check_source, local_sources
from skyassets.core.errors import SkyassetsError
from skyassets.core.ports import Limits, Program, RunKind
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.serving.vllm_server import vllm_problem
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe

STYLES = {Health.FINE: "green", Health.OPTIONAL: "yellow", Health.MISSING: "bold red"}
AT_ONCE = 8
"""Number of concurrent checks, so that an unresponsive server does not delay the others."""


def doctor(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show whether everything that the recipe needs is here, and how to get what is missing.

    Takes some seconds: tests the compiler and the sandbox, reads the first rows of local problem files, and contacts
    the servers and the hub. Starts no model, and
    makes one short call of each role that uses a running or hosted server, whose cost is in the ledger.
    """
    results = examine(recipe, deployment, is_offline=options.offline)
    is_fine = all(result.health is not Health.MISSING for result in results)
    if options.json:
        findings = [asdict(result) for result in results]
        print_json({"version": __version__, "recipe": recipe.name, "fine": is_fine, "findings": findings})
    else:
        _show(recipe, results)
    return 0 if is_fine else 1


DOCTOR = Command(
    doctor,
    (argument("--offline", action="store_true", help="make no call to a model server"), json_argument()),
    (
        ("", "check whether the recipe can run here, and what to fix"),
        ("--offline", "the same without the short call of each role"),
        ("--json", "the same as JSON"),
    ),
    Exits("everything that the recipe needs is here", "something that it needs is missing"),
)


def examine(recipe: Recipe, deployment: Deployment, *, is_offline: bool = True) -> list[Diagnosis]:
    """Check everything `recipe` needs from `deployment`, and optional components, if a check takes only seconds."""
    servers = ServerChecks(Project(recipe, deployment), is_offline)
    trains, reads_hub = machine.trains_really(recipe), machine.reads_hub(recipe)
    checks: list[Callable[[], Diagnosis]] = [
        *(partial(machine.package, name, is_needed=True) for name in machine.ALWAYS),
        *(partial(machine.package, name, is_needed=trains) for name in machine.TRAINS),
        partial(machine.package, "datasets", is_needed=reads_hub),
        _vllm,
        partial(machine.compiler, is_needed=trains),
        partial(_sandbox, recipe.limits, deployment),
        *(partial(check_source, source) for source in local_sources(recipe)),
        *(partial(servers.check, role, model) for role, model in recipe.models.items()),
        machine.hub,
        partial(machine.memory, is_needed=trains),
        partial(machine.disk, deployment),
        machine.gpu,
        partial(machine.dagster_home, deployment),
        machine.port,
        machine.browser,
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda check: check(), checks))


def _show(recipe: Recipe, results: Sequence[Diagnosis]) -> None:
    title = f"skyassets {__version__}, recipe {recipe.name}"
    table = new_table(("check", "", "result, and what to do"), title, fold=("check", "result, and what to do"))
    table.columns[0].max_width = 26
    for result in results:
        text = Text(printable(result.seen))
        if result.do:
            text.append(f"\n-> {printable(result.do)}", "bold")
        table.add_row(Text(printable(result.what)), Text(result.health, STYLES[result.health]), text)
    console = Console()
    console.print(table)
    missing = sum(result.health is Health.MISSING for result in results)
    summary = f"{missing} thing{'s are' if missing > 1 else ' is'} missing."
    print_text(console, summary if missing else "Everything that the recipe needs is here.")


def _vllm() -> Diagnosis:
    """vLLM, the faster engine; without it, transformers serves."""
    problem = vllm_problem()
    seen = problem or "works here"
    return diagnosis("vLLM", problem is None, seen, "transformers serves the models, more slowly", is_needed=False)


def _sandbox(limits: Limits, deployment: Deployment) -> Diagnosis:
    with ChosenSandbox(deployment.sandbox, deployment.sandbox_image) as sandbox:
        try:
            run, name = sandbox.run(Program("print(6 * 7)"), limits), sandbox.name
        except SkyassetsError as error:
            return diagnosis("sandbox", is_fine=False, seen=str(error), do="apt-get install bubblewrap")
    if deployment.sandbox == "none":
        return diagnosis("sandbox", is_fine=False, seen=name, do="unset SKYASSETS_SANDBOX, which disables it")
    is_fine = run.kind is RunKind.FINISHED and run.output == "42\n"
    return diagnosis("sandbox", is_fine, f"{name}: test program {run.kind}", run.detail)
