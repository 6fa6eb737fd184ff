"""The training callback: writes a line of the curve per step, finishes saves, and stops at the first non-finite loss.

Imports transformers.
"""

import json
import math
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from transformers import TrainerCallback

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Step
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.log_lines import is_logged, progress_line


class Curve(TrainerCallback):  # type: ignore[misc]
    """Writes one line per optimiser step, and stops the run at the first one that is not finite."""

    def __init__(
        self,
        folder: JobFolder,
        plan: TrainPlan,
        tokens: Sequence[int],
        flops: Sequence[float],
        log: Callable[[str], None],
    ) -> None:
        """`tokens` and `flops` are per step, summed over all ranks."""
        self._folder, self._plan, self._log = folder, plan, log
        self._tokens, self._flops = tokens, flops
        self._steps: list[Step] = []
        self._since = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Drop the steps that a killed run took after the save it resumes from, and start the clock."""
        if state.is_world_process_zero:
            self._steps = [step for step in self._folder.read_curve() if step.step <= state.global_step]
            self._folder.write_curve(self._steps)
        self._since = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        """Record the step that Trainer has just logged.

        Raises:
            TrainerError: if its loss or gradient is not finite.
        """
        if "loss" not in logs:
            return
        step = self._step(state.global_step, logs)
        if not math.isfinite(step.loss) or not math.isfinite(step.grad_norm):
            raise TrainerError(
                f"step {step.step} has loss {step.loss} and gradient norm {step.grad_norm}, which is not finite; "
                "lower the learning rate, or train in fp32 to see whether precision is the cause"
            )
        if state.is_world_process_zero:
            self._steps.append(step)
            with self._folder.curve.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(step)) + "\n")
            if is_logged(step.step, self._plan.steps):
                self._log(progress_line(self._steps, self._plan.steps))

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the save as complete once every rank has written its part, and delete older ones."""
        torch.distributed.barrier()
        if state.is_world_process_zero:
            layout = self._plan.layout
            self._folder.saves.finish(state.global_step, layout.ranks, max(1, layout.zero_stage))  # 0 runs as 1
            self._folder.saves.prune(self._plan.saving.keep)
        torch.distributed.barrier()
        # Do not count the time of saving towards a step.
        self._since = time.monotonic()

    def _step(self, number: int, logs: dict[str, float]) -> Step:
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        plan, peak = self._plan, self._plan.hardware.device.tflops
        return Step(
            step=number,
            epoch=number * plan.training.epochs / plan.steps,
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=float(logs["grad_norm"]),
            tokens=self._tokens[number - 1],
            seconds=seconds,
            mfu=None if peak is None else self._flops[number - 1] / (seconds * plan.layout.ranks * peak * 1e12),
            memory_gb=_peak_bytes() / 1e9,
        )


def _peak_bytes() -> float:
    """Return the peak memory of this rank: of its GPU, else of the process."""
    if torch.cuda.is_available():
        return float(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
