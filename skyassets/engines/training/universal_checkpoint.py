"""Converts a save for another number of ranks or ZeRO stage, with DeepSpeed's own tool (arXiv 2406.18820)."""

import os
import subprocess
import sys
from typing import Any

from skyassets.core.errors import TrainerError
from skyassets.core.files import write_text
from skyassets.core.training.spec import Layout
from skyassets.engines.training.saves import Save


def made_universal(save: Save, layout: Layout) -> dict[str, Any]:
    """Return DeepSpeed settings that load `save` into `layout`; the first rank converts while the others wait.

    Raises:
        TrainerError: if DeepSpeed's converter fails, or the save is from or for ZeRO-3, whose weights are elsewhere.
    """
    import torch

    if (save.zero_stage == 3) != (layout.zero_stage == 3):
        raise TrainerError(
            f"the save of step {save.step} is one of ZeRO-{save.zero_stage} and the plan asks for "
            f"ZeRO-{layout.zero_stage}; only saves of stages 0 to 2 can be exchanged: set "
            f"SKYASSETS_ZERO={save.zero_stage}, or delete {save.path.parent} to begin anew"
        )
    tag, workers = f"global_step{save.step}", str(max(1, (os.cpu_count() or 1) // 8))
    if os.environ["RANK"] == "0":
        command = [
            *(sys.executable, "-m", "deepspeed.checkpoint.ds_to_universal"),
            *("--input_folder", str(save.path / tag), "--output_folder", str(save.path / f"{tag}_universal")),
            *("--num_extract_workers", workers, "--num_merge_workers", workers, "--inject_missing_state"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            tail = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-10:])
            raise TrainerError(
                f"the save of step {save.step} could not be converted from {save.ranks} ranks; go on with as many, or "
                f"delete {save.path.parent} to begin anew. DeepSpeed said:\n{tail}"
            )
        write_text(save.path / "latest_universal", f"{tag}_universal")
    torch.distributed.barrier()
    return {"checkpoint": {"load_universal": True}}
