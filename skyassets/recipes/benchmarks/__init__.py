"""Benchmarks: each file has a function that declares where the items are and how they are asked.

Settings left out (prompt, sampling, samples) come from the recipe's evaluation. To add a benchmark, add a file here;
your own may be in any module.
"""

from collections.abc import Callable

from skyassets.recipes.benchmarks.aime import aime_2024, aime_2025
from skyassets.recipes.benchmarks.amc23 import amc23
from skyassets.recipes.benchmarks.gpqa import gpqa_diamond
from skyassets.recipes.benchmarks.gsm8k import gsm8k
from skyassets.recipes.benchmarks.humaneval import humaneval
from skyassets.recipes.benchmarks.livecodebench import livecodebench
from skyassets.recipes.benchmarks.math500 import math500
from skyassets.recipes.benchmarks.mbpp import mbpp
from skyassets.recipes.benchmarks.mmlu import mmlu
from skyassets.recipes.benchmarks.mmlu_pro import mmlu_pro
from skyassets.recipes.benchmarks.olympiadbench import olympiadbench
from skyassets.stages.evaluation.benchmark import Benchmark

SHIPPED: tuple[Callable[[], Benchmark], ...] = (
    math500, aime_2024, aime_2025, amc23, gsm8k, olympiadbench, gpqa_diamond, mmlu, mmlu_pro, livecodebench, humaneval,
    mbpp,
)  # fmt: skip
"""All benchmarks shipped with skyassets."""

__all__ = [
    "SHIPPED", "aime_2024", "aime_2025", "amc23", "gpqa_diamond", "gsm8k", "humaneval", "livecodebench", "math500",
    "mbpp", "mmlu", "mmlu_pro", "olympiadbench",
]  # fmt: skip
