"""The report of a million answers: 10 models x 12 benchmarks x 64 samples, from Parquet to the finished rows.

    python benchmarks/report_scale.py [--items 130] [--letters 2000]

Writes a table of answers as `benchmark_answers` has them, streamed to the disk, texts and all; then, in a process of
its own, reads what the asset reads and makes what it makes: item scores, rows, and the page. Told are seconds and the
most memory held. The peer is what a script does without intervals: scipy's percentile bootstrap over the item means of
each model and benchmark, out of the same file.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODELS, BENCHMARKS, SAMPLES = 10, 12, 64
ROLES = ["base", "student", *(f"contender{number}" for number in range(MODELS - 2))]


def write(path: Path, items: int, letters: int) -> int:
    """The answers of everybody, a benchmark and role at a time; how many."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    from skyassets.core.tables import ANSWERS

    dice = np.random.default_rng(1)
    words = "".join(dice.choice(list("abcdefghij "), 1_000_000).tolist())
    writer = None
    total = 0
    for number in range(BENCHMARKS):
        difficulty = dice.beta(1, 1, items)
        for place, role in enumerate(ROLES):
            easier = np.clip(difficulty + 0.02 * place, 0, 1)
            right = dice.random((items, SAMPLES)) < easier[:, None]
            n = items * SAMPLES
            item = np.repeat(np.arange(items), SAMPLES)
            starts = dice.integers(0, len(words) - letters, n)
            verdict = np.where(right.ravel(), "correct", "wrong")
            said = np.where(right.ravel(), item, dice.integers(0, 40, n) + 1000)
            frame = pl.DataFrame({
                "answer_id": [f"{number:02d}{place:02d}{each:08d}" for each in range(n)],
                "epoch_name": [""] * n, "benchmark": [f"benchmark {number}"] * n,
                "problem_id": [f"{number:02d}-{each:05d}" for each in item],
                "family": [f"f{each % 5}" for each in item],
                "level": [str(each % 3) for each in item], "domain": ["maths"] * n, "role": [role] * n,
                "model": [f"m{place}@1"] * n, "checkpoint_id": ["c" * 64 if role == "student" else None] * n,
                "completion_id": [f"{number:02d}{place:02d}{each:08d}" * 5 for each in range(n)],
                "sample": np.tile(np.arange(SAMPLES), items), "text": [words[at : at + letters] for at in starts],
                "finish_reason": np.where(dice.random(n) < 0.97, "stop", "length"),
                "completion_tokens": dice.integers(200, 9000, n), "strict": verdict, "lenient": verdict,
                "strict_answer": said.astype(str), "lenient_answer": said.astype(str),
            })  # fmt: skip
            frame = frame.with_columns(
                pl.lit(None, kind).alias(name) for name, kind in ANSWERS.schema.items() if name not in frame.columns
            ).select(pl.col(name).cast(kind) for name, kind in ANSWERS.schema.items())
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
            total += n
    assert writer is not None
    writer.close()
    return total


def ours(path: Path) -> None:
    """The asset's own way: what it reads, its item scores, its rows, its page."""
    import polars as pl

    from skyassets.core.sources import Generated, Source
    from skyassets.stages.benchmark import Benchmark
    from skyassets.stages.item_scores import item_scores
    from skyassets.stages.report import report

    source = Source("made", Generated(("times",), per_family=1, seed=1, held_out=True), "Apache-2.0")
    benchmarks = [Benchmark(f"benchmark {number}", source, samples=SAMPLES, k=(1, 8)) for number in range(BENCHMARKS)]
    began = time.perf_counter()
    scores = item_scores(pl.scan_parquet(path))
    read = time.perf_counter()
    rows = report(scores, benchmarks, {"made with": "a benchmark"}, {}).frame
    made = time.perf_counter()
    print(f"item scores {read - began:.1f} s, {rows.height} rows {made - read:.1f} s", end=", ")
    paged(rows, benchmarks)
    print(f"page {time.perf_counter() - made:.1f} s")


def paged(rows: object, benchmarks: list[object]) -> None:
    """The page and the Markdown out of the rows."""
    from skyassets.stages.report_facts import ReportFacts
    from skyassets.stages.report_page import report_page
    from skyassets.stages.report_text import report_text

    headlines = {each.name: each.metric for each in benchmarks}
    facts = ReportFacts("scale", "A million answers", rows, {role: f"{role}@1" for role in ROLES}, headlines)
    print(f"{(len(report_page(facts)) + len(report_text(facts))) / 1e6:.1f} MB", end=", ")


def peer(path: Path) -> None:
    """Item means and scipy's percentile bootstrap over them, for each model and benchmark."""
    import numpy as np
    import polars as pl
    from scipy.stats import bootstrap

    columns = ("benchmark", "role", "problem_id", "strict")
    means = (
        pl.scan_parquet(path)
        .select(columns)
        .group_by(columns[:3])
        .agg((pl.col("strict") == "correct").mean())
        .collect()
    )
    count = 0
    for _, some in means.group_by("benchmark", "role", maintain_order=True):
        bootstrap((some["strict"].to_numpy(),), np.mean, n_resamples=9999, method="percentile", rng=1)
        count += 1
    print(f"{count} accuracies")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=130)
    options.add_argument("--letters", type=int, default=2000)
    options.add_argument("--only", choices=("ours", "peer"))
    options.add_argument("--path", type=Path)
    chosen = options.parse_args()
    if chosen.only:
        began = time.perf_counter()
        {"ours": ours, "peer": peer}[chosen.only](chosen.path)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{chosen.only}: {time.perf_counter() - began:.1f} s, at most {most:.2f} GB")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.parquet"
        total = write(path, chosen.items, chosen.letters)
        print(f"{total:,} answers, {path.stat().st_size / 1e9:.2f} GB", flush=True)
        for who in ("ours", "peer"):
            subprocess.run([sys.executable, __file__, "--only", who, "--path", str(path)], check=True)


if __name__ == "__main__":
    main()
