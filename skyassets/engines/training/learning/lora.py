"""Low-rank adapters with peft: added before training, merged into the base after it. Imports torch.

`python -m skyassets.engines.training.learning.lora BASE ADAPTER FOLDER DTYPE` merges, in a process without DeepSpeed.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Model
from skyassets.core.training.spec import Lora

FOLDER = "adapter"
"""The folder of the adapter, beside the merged weights."""


def with_adapters(model: Any, lora: Lora) -> Any:
    """Return `model` with adapters, whose weights are the only trainable ones."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.targets,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def save_adapter(model: Any, weights: dict[str, Any], base: Model, folder: Path) -> None:
    """Save the adapter of `model` in `folder`, with the values in `weights`."""
    # By default the adapter names its base by a path on this machine.
    model.peft_config["default"].base_model_name_or_path = Path(base.name).name if "/" not in base.name else base.name
    model.save_pretrained(folder, state_dict=weights)
    (folder / "README.md").unlink(missing_ok=True)


def merge(base: Path, adapter: Path, dtype: str) -> Any:
    """Return the model of `base` with the adapter merged into its weights.

    Merged in float32: in bf16, rounding would lose most of such a small change.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(safe_merge=True)
    return merged.to(getattr(torch, dtype))


def merge_apart(base: Path, folder: Path, precision: str) -> None:
    """Merge the adapter in `folder` into the base and save the whole model in `folder`, in a separate process.

    Raises:
        TrainerError: if it fails, with the end of its output.
    """
    dtype = "bfloat16" if precision == "bf16" else "float32"
    command = [sys.executable, "-m", __name__, str(base), str(folder / FOLDER), str(folder), dtype]
    # Without the launcher's variables: the process is not part of the distributed run.
    alone = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(f"  {line}" for line in done.stderr.splitlines()[-10:])
        raise TrainerError(f"the adapter could not be merged into {base}; it is in {folder / FOLDER}:\n{tail}")


def main() -> int:
    """Merge and save."""
    base, adapter, folder, dtype = sys.argv[1:]
    merge(Path(base), Path(adapter), dtype).save_pretrained(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
