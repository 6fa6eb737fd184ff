"""The plan's memory beside what the trainer's ranks really hold, on a processor, for random Qwen2 models.

`python benchmarks/training_memory.py [--only NAME ...]`: each run takes two optimiser steps with the real trainer, and
the largest rank is looked at a hundred times a second. About a quarter of an hour and 12 GB of memory in all.
"""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from stages.measured_memory import Case, measured

from skyassets.core.training.spec import Lora
from skyassets.stages.training.parallelism import LayoutOverrides

SMALL, MIDDLE, LARGE = (512, 8, 1_536, 32_000), (768, 12, 3_072, 49_152), (1_024, 20, 3_584, 49_152)
CASES = {
    "small-1x512": Case(*SMALL, 512, LayoutOverrides(micro_batch=1)),
    "small-4x512": Case(*SMALL, 512, LayoutOverrides(micro_batch=4)),
    "small-4x512-recomputed": Case(*SMALL, 512, LayoutOverrides(micro_batch=4, recompute=True)),
    "small-2x1024-all-logits": Case(*SMALL, 1_024, LayoutOverrides(micro_batch=2, loss="plain")),
    "small-1024-packed": Case(*SMALL, 1_024, LayoutOverrides(), packing=True),
    "middle-2x512": Case(*MIDDLE, 512, LayoutOverrides(micro_batch=2)),
    "middle-2x512-zero-2": Case(*MIDDLE, 512, LayoutOverrides(micro_batch=2, zero_stage=2)),
    "middle-2x512-lora": Case(*MIDDLE, 512, LayoutOverrides(micro_batch=2), lora=Lora()),
    "middle-2x512-2-ranks": Case(*MIDDLE, 512, LayoutOverrides(micro_batch=2, ranks=2)),
    "middle-2x512-2-ranks-zero-3": Case(*MIDDLE, 512, LayoutOverrides(micro_batch=2, ranks=2, zero_stage=3)),
    "large-2x512": Case(*LARGE, 512, LayoutOverrides(micro_batch=2), accumulation=1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=CASES, default=list(CASES))
    for name in parser.parse_args().only:
        with tempfile.TemporaryDirectory() as folder:
            planned, shape, peak = measured(CASES[name], Path(folder), lambda line: None)
        held = planned.memory
        terms = ", ".join(f"{term} {size:.2f}" for term, size in asdict(held).items() if size)
        print(
            f"{name}: {shape.parameters / 1e6:.0f} M weights, measured {peak:.2f} GB, planned {held.total:.2f} GB "
            f"({held.total / peak - 1:+.1%}; {terms})",
            flush=True,
        )


if __name__ == "__main__":
    main()
