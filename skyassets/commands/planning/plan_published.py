"""A recipe's published run, computed with the plan's arithmetic, so that readers can check the arithmetic."""

from skyassets.core.training.hardware import hardware_of
from skyassets.core.training.model_shape import KNOWN_SHAPES
from skyassets.core.training.spec import Layout
from skyassets.recipes.recipe import Recipe
from skyassets.stages.training.batching import epoch_batches, typical_lengths
from skyassets.stages.training.parallelism import PlanInputs
from skyassets.stages.training.time import duration


def beside_published(recipe: Recipe) -> dict[str, object]:
    """Hours and dollars of the published run, planned and published, also in words; empty if there is none."""
    expected, training = recipe.expected, recipe.training
    shape = KNOWN_SHAPES.get(training.base.name)
    if expected is None or expected.published is None or shape is None:
        return {}
    published = expected.published
    hardware = hardware_of(published.hardware)
    layout = Layout(hardware.devices, hardware.nodes, 1, 3, published.offload, recompute=True)
    lengths = typical_lengths(expected.rows, expected.row_tokens, training.cutoff)
    # Their trainer used examples in random order: each micro step waits for the longest of eight.
    unsorted = epoch_batches(training, lengths, layout, is_sorted=False)
    time = duration(PlanInputs(training, shape, lengths, hardware), layout, unsorted)
    if time is None:
        return {}
    hours, dollars = time.hours, time.hours * hardware.devices * hardware.device.dollars_hour
    return {
        "planned_hours": hours,
        "planned_dollars": dollars,
        "published_hours": published.hours,
        "published_dollars": published.dollars,
        "says": f"The published run (ZeRO-3, offload {published.offload}, {published.hardware}, examples in random "
        f"order, so that a micro step waits for the longest of {hardware.devices}) by the same calculation: "
        f"{hours:.1f} hours and ${dollars:,.0f}; published: {published.hours:g} hours and ${published.dollars:g} "
        f"({hours / published.hours - 1:+.0%} and {dollars / published.dollars - 1:+.0%}). "
        "skyassets groups examples of similar length, which avoids most of the waiting.",
    }
