"""Inputs for the tests of plans."""

from skyassets.core.ports import Model
from skyassets.core.training.hardware import hardware_of
from skyassets.core.training.model_shape import KNOWN_SHAPES, ModelShape
from skyassets.core.training.spec import Training
from skyassets.stages.training.batching import typical_lengths
from skyassets.stages.training.parallelism import LayoutOverrides, PlanInputs

QWEN_32B = KNOWN_SHAPES["Qwen/Qwen2.5-32B-Instruct"]
QWEN_SMALL = KNOWN_SHAPES["Qwen/Qwen2.5-0.5B"]
SKY_T1 = Training(
    Model("Qwen/Qwen2.5-32B-Instruct", "main"),
    epochs=3,
    learning_rate=1e-5,
    global_batch=96,
    cutoff=16_384,
    precision="bf16",
    seed=42,
)
LENGTHS = typical_lengths(16_401, 4_500, 16_384)


def sky_t1(
    on: str = "8xH100-80GB", overrides: LayoutOverrides | None = None, training: Training = SKY_T1
) -> PlanInputs:
    """The published training on some hardware."""
    return PlanInputs(training, QWEN_32B, LENGTHS, hardware_of(on), overrides or LayoutOverrides())


def small(on: str = "cpu-24GB", overrides: LayoutOverrides | None = None, shape: ModelShape = QWEN_SMALL) -> PlanInputs:
    """A small model on short examples."""
    training = Training(Model("small", "1"), 1, 1e-4, 8, 512, "bf16", 1)
    return PlanInputs(training, shape, [512] * 20, hardware_of(on), overrides or LayoutOverrides())
