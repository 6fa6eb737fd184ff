"""Packing beside TRL's best-fit decreasing, on several distributions of lengths, in turns; one core.

`python benchmarks/packing.py [--rows 17000] [--capacity 16384] [--runs 5]`. TRL packs a `datasets` table of tokens,
which is what its time is told of; here the lengths alone are packed, and the tokens are put together when they are
needed. *Fill* is the share of the rows' room that holds tokens; *bound* is the most that any packing can fill.
"""

import argparse
import math
import random
import time
from collections.abc import Callable
from statistics import median

from skyassets.core.training.packing import packed


def drawn(name: str, rows: int, capacity: int, seed: int = 0) -> list[int]:
    """Lengths of a distribution that is known by `name`."""
    draw = random.Random(seed)
    one: dict[str, Callable[[], float]] = {
        "log-normal, mean about 4.5k": lambda: draw.lognormvariate(math.log(4_500) - 0.32, 0.8),
        "log-normal, narrow, mean about 8k": lambda: draw.lognormvariate(math.log(8_000) - 0.08, 0.4),
        "uniform": lambda: draw.randint(1, capacity),
        "short, 50 to 600": lambda: draw.randint(50, 600),
    }
    return [max(1, min(capacity, round(one[name]()))) for _ in range(rows)]


NAMES = ("log-normal, mean about 4.5k", "log-normal, narrow, mean about 8k", "uniform", "short, 50 to 600")


def trl(lengths: list[int], capacity: int) -> Callable[[], int]:
    """Packs with TRL; how many rows that takes."""
    import datasets
    from trl import pack_dataset

    datasets.disable_progress_bars()
    datasets.disable_caching()
    table = datasets.Dataset.from_dict({"input_ids": [[0] * length for length in lengths]}).with_format("arrow")

    def run() -> int:
        return len(pack_dataset(table, capacity, "bfd"))

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=17_000)
    parser.add_argument("--capacity", type=int, default=16_384)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for name in NAMES:
        lengths = drawn(name, options.rows, options.capacity)
        least = math.ceil(sum(lengths) / options.capacity)
        racers: dict[str, Callable[[], int]] = {
            "TRL bfd": trl(lengths, options.capacity),
            "skyassets": lambda lengths=lengths: len(packed(lengths, options.capacity)),
        }
        seconds: dict[str, list[float]] = {racer: [] for racer in racers}
        rows = {}
        for _ in range(options.runs):
            for racer, run in racers.items():
                began = time.perf_counter()
                rows[racer] = run()
                seconds[racer].append(time.perf_counter() - began)
        room = options.capacity / sum(lengths)
        print(f"{name}: {len(lengths)} lengths, {sum(lengths) / 1e6:.1f} M tokens, bound {1 / (least * room):.5f}")
        for racer, took in seconds.items():
            fill = 1 / (rows[racer] * room)
            print(
                f"  {racer}: {rows[racer]} rows, fill {fill:.5f}, {median(took):.3f} s (least {min(took):.3f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
