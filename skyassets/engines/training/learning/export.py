"""Writes the finished weights as a standard Hugging Face folder. Imports no library: the model saves itself."""

import shutil
from typing import Any

from skyassets.engines.training.job import JobFolder, TrainingJob
from skyassets.engines.training.learning import lora

KEPT_OF_BASE = (
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt"),
    *("chat_template*", "generation_config.json", "LICENSE*"),
)
"""Files copied unchanged from the base: training changes the weights, never the tokenizer."""


def save_weights(model: Any, weights: dict[str, Any], job: TrainingJob, folder: JobFolder) -> None:
    """Write a standard Hugging Face folder: the new weights, once each, and everything else from the base."""
    part = folder.path / "model.part"
    shutil.rmtree(part, ignore_errors=True)
    if job.plan.training.lora:
        lora.save_adapter(model, weights, job.plan.training.base, part / lora.FOLDER)
        weights.clear()  # frees memory: the base is read once more, in float32
        lora.merge_apart(job.base, part, job.plan.training.precision)
    else:
        for tied in model.all_tied_weights_keys:
            weights.pop(tied, None)
        model.save_pretrained(part, state_dict=weights)
    for pattern in KEPT_OF_BASE:
        for file in job.base.glob(pattern):
            shutil.copyfile(file, part / file.name)
    for file in part.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    shutil.rmtree(folder.model, ignore_errors=True)
    part.replace(folder.model)
