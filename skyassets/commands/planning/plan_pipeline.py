"""The calls of the rest of the pipeline, for `skyassets plan`: counted by the stages, or as the recipe expects."""

from dataclasses import replace

from skyassets.core.errors import SkyassetsError
from skyassets.core.money import Budget
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.core.training.hardware import Hardware
from skyassets.project.estimate import CallEstimate
from skyassets.project.project import Project
from skyassets.recipes.expected import Calls, Expected
from skyassets.stages.inspection.forecast import Lengths, Line


def pipeline(project: Project, hardware: Hardware) -> tuple[list[Line], str]:
    """One line per role, and the source of the figures; makes no calls and fetches no source."""
    expected = project.recipe.expected
    if expected is not None and project.store.manifest(PROBLEMS) is None:
        return [_expected(project, hardware, expected, calls) for calls in expected.calls], expected.source
    estimate = CallEstimate(project, 0, Budget(), lambda line: None, "plan")
    try:
        return list(estimate.lines()), "the calls of a run now, counted as by `skyassets forecast`"
    except SkyassetsError as error:
        return [], f"the calls of the other assets cannot be counted here: {error}"


def _expected(project: Project, hardware: Hardware, expected: Expected, calls: Calls) -> Line:
    recipe = project.recipe
    model = (recipe.models | {"student": Model(f"{recipe.training.base.name} as student", "")})[calls.role]
    lengths = Lengths(0, (calls.prompt,) * 3, (calls.completion,) * 3)
    line = Line(
        calls.asset, calls.role, str(model), 0, calls.calls, project.deployment.price(calls.role, model), None, lengths
    )
    is_ours = calls.role not in project.deployment.urls and "/" in model.name
    if not is_ours or not hardware.device.is_gpu:
        return line
    return replace(
        line,
        tokens_per_second=expected.tokens_per_second * hardware.devices,
        machine_price=hardware.device.dollars_hour * hardware.devices,
    )
