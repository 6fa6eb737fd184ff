"""`skyassets doctor`: what is installed, what works, and how to fix the rest."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial

from rich.console import Console
from rich.text import Text

from skyassets import __version__
from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text, printable
from skyassets.commands.doctor import machine
from skyassets.commands.doctor.diagnosis import Diagnosis, Health, diagnosis
from skyassets.core.errors import SkyassetsError
from skyassets.core.money import Price, in_dollars
from skyassets.core.ports import Limits, Message, Model, Program, Reply, Request, RunKind, Sampling
from skyassets.core.prices import SHUTDOWNS
from skyassets.engines.fake import engine as fake
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.remote_serving import RemoteServing
from skyassets.engines.openai_batch.serving import OpenAIBatch
from skyassets.engines.sandbox.choice import ChosenSandbox
from skyassets.engines.serving.vllm_server import vllm_problem
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe

STYLES = {Health.FINE: "green", Health.OPTIONAL: "yellow", Health.MISSING: "bold red"}
CALL_TOKENS, CALL_SECONDS = 64, 60.0
"""The limits of a role's call."""
AT_ONCE = 8
"""Number of concurrent checks, so that an unresponsive server does not delay the others."""


def doctor(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show whether everything that the recipe needs is here, and how to get what is missing.

    Takes some seconds: tests the compiler and the sandbox, and contacts the servers and the hub. Starts no model, and
    makes one short call of each role that uses a running or hosted server.
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
    trains, reads_hub = machine.trains_really(recipe), machine.reads_hub(recipe)
    checks: list[Callable[[], Diagnosis]] = [
        *(partial(machine.package, name, is_needed=True) for name in machine.ALWAYS),
        *(partial(machine.package, name, is_needed=trains) for name in machine.TRAINS),
        partial(machine.package, "datasets", is_needed=reads_hub),
        _vllm,
        partial(machine.compiler, is_needed=trains),
        partial(_sandbox, recipe.limits, deployment),
        *(partial(_server, role, model, recipe, deployment, is_offline) for role, model in recipe.models.items()),
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


def _server(role: str, model: Model, recipe: Recipe, deployment: Deployment, is_offline: bool) -> Diagnosis:
    """Whether `model` can be reached in its role, and answers a short call. Starts no server."""
    what = f"{role}: {model.name}"
    if is_offline and role in deployment.urls:
        return diagnosis(what, is_fine=True, seen=f"{', '.join(deployment.urls[role])}, not contacted")
    try:
        serving = deployment.serving(role, model, lambda line: None)
        if isinstance(serving, OpenAIBatch):
            endpoints = RemoteServing((serving.endpoint,))
        elif isinstance(serving, RemoteServing):
            endpoints = serving
        else:
            return _local_server(what, model, deployment)
        price = deployment.price(role, model)
        if is_offline:
            return diagnosis(what, is_fine=True, seen="a hosted model, not contacted")
        lists = OpenAIClientPool(endpoints.endpoints).models()
    except SkyassetsError as error:
        return diagnosis(what, is_fine=False, seen=str(error))
    for endpoint, names in zip(endpoints.endpoints, lists, strict=True):
        if names and endpoint.model_name not in names:
            do = f"serve the model there, or set its name on the server: SKYASSETS_{role.upper()}_MODEL_NAME"
            return diagnosis(what, is_fine=False, seen=f"{endpoint.base_url} serves {', '.join(names[:10])}", do=do)
    sampling = replace(recipe.sampling_of(role), max_tokens=CALL_TOKENS)
    called = [_call(endpoint, model, sampling, price) for endpoint in endpoints.endpoints]
    seen = "; ".join(seen for _, seen in called) + _shutdown(model, endpoints.endpoints)
    return diagnosis(what, all(is_fine for is_fine, _ in called), seen)


def _shutdown(model: Model, endpoints: Sequence[Endpoint]) -> str:
    """When the provider shuts the model down, if it has announced that."""
    names = (*(endpoint.model_name for endpoint in endpoints), model.name)
    day = next((SHUTDOWNS[name] for name in names if name in SHUTDOWNS), "")
    return f"; its provider shuts it down on {day}: docs/teachers.md says how to replace it" if day else ""


def _call(endpoint: Endpoint, model: Model, sampling: Sampling, price: Price) -> tuple[bool, str]:
    """Whether a server answers one short call, and how."""
    messages = (Message("system", "You are a calculator."), Message("user", "What is 6 times 7?"))
    replies: list[Reply] = []
    pool = OpenAIClientPool((endpoint,), timeout=CALL_SECONDS, attempts=2, price=price)
    try:
        pool.ask([Request("doctor", model, messages, sampling, seed=1)], replies.append)
    except SkyassetsError as error:
        return False, str(error)
    (reply,) = replies
    if reply.error is not None:
        return False, f"{endpoint.base_url}: a call failed: {reply.error}"
    adapted = f", sent differently: {reply.sent}" if reply.sent else ""
    cost = f", {in_dollars(reply.dollars)}" if reply.dollars else ""
    return True, f"{endpoint.base_url} answers ({reply.seconds:.1f} s{cost}{adapted})"


def _local_server(what: str, model: Model, deployment: Deployment) -> Diagnosis:
    """Whether this machine can serve `model`."""
    if model.name == fake.NAME:
        return diagnosis(what, is_fine=True, seen="a fake model, served inside the run")
    problem = vllm_problem()
    engine = (
        "transformers" if deployment.engine == "transformers" or (deployment.engine == "auto" and problem) else "vLLM"
    )
    if engine == "vLLM" and problem:
        return diagnosis(what, is_fine=False, seen=problem, do="SKYASSETS_ENGINE=auto")
    if not model.name.startswith("package:"):
        seen = f"{engine}; weights that are not stored here are fetched from the hub when it is first served"
        return diagnosis(what, is_fine=True, seen=seen)
    return diagnosis(what, is_fine=True, seen=f"{engine}, {weights_folder(model, deployment.data / 'models')}")
