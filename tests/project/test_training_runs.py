"""Which modules decide the weights: the list is complete, and modules that only watch a training are not in it."""

import ast
from pathlib import Path

from skyassets.core.code.version import modules_of, source_path
from skyassets.project.training_runs import TRAINER

WATCHING = {
    "skyassets.core.errors",
    "skyassets.core.files",
    "skyassets.core.training.hardware",
    "skyassets.core.identity",
    "skyassets.core.training.model_shape",  # gives operations a second, decides no weight
    "skyassets.core.ports",
    "skyassets.core.training.spec",  # values, each of which is in the fingerprint
    "skyassets.engines.training.curve",
    "skyassets.engines.training.job",
    "skyassets.engines.training.saves",
    "skyassets.engines.training.universal_checkpoint",
}


def imported(module: str) -> set[str]:
    tree = ast.parse(source_path(module).read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    modules |= {
        f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    return {name for name in modules if name.startswith("skyassets.") and is_module(name)}


def is_module(name: str) -> bool:
    path = Path(source_path("skyassets.core.errors")).parents[2] / name.replace(".", "/")
    return path.with_suffix(".py").is_file()


def test_every_module_that_decides_weights_is_in_the_checkpoints_fingerprint() -> None:
    waiting, seen = (
        ["skyassets.engines.training.learning.loop", "skyassets.engines.tokenizing.chat_tokenizer"],
        set[str](),
    )
    while waiting:
        module = waiting.pop()
        if module not in seen and module not in WATCHING:
            seen.add(module)
            waiting += imported(module)
    assert seen <= {module for name in TRAINER for module in modules_of(name)}


def test_a_changed_estimate_retrains_nothing() -> None:
    followed = {each for name in TRAINER for module in modules_of(name) for each in imported(module)}
    estimating = {"memory", "time", "plan", "parallelism", "batching"}
    assert not {f"skyassets.stages.training.{name}" for name in estimating} & followed
