"""The report of a million answers: 10 models x 12 benchmarks x 64 samples, by the asset itself.

    python benchmarks/report_scale.py [--items 130] [--letters 2000]

Runs the smoke recipe with these benchmarks and models up to its checkpoint, and puts a made-up table of answers beside
it, texts and all, over the real items. Then, in a process of its own, materializes `benchmark_reports` as Dagster does:
item scores, the search for contaminated items, the rows, won and lost items out of the answers' texts, page, Markdown,
history, model card, the table with its pictures. Told are seconds, those of the processor, and the most memory held.
The peer is what a script does without intervals: scipy's percentile bootstrap over the item means of each model and
benchmark, out of the same file.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl

from skyassets.assets.graph import build_definitions
from skyassets.core.ports import Sampling
from skyassets.core.sources import Generated, Source
from skyassets.core.tables.declarations import ANSWERS, ASSET_TABLES, BENCHMARK_PROBLEMS, CHECKPOINT, REPORTS
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import StageResult
from skyassets.project.deployment import Deployment
from skyassets.project.evaluation.history import ITEMS
from skyassets.project.evaluation.report_files import FILES
from skyassets.project.project import Project
from skyassets.recipes.smoke import FAMILIES, TINY, smoke
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Contender

MODELS, BENCHMARKS, SAMPLES = 10, 12, 64
ROLES = ["base", "student", *(f"contender_{number}" for number in range(MODELS - 2))]
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def project(folder: Path, items: int) -> Project:
    """The smoke recipe with many models and benchmarks, at `folder`."""
    small = smoke()
    recipe = replace(
        small,
        benchmarks=tuple(
            Benchmark(
                f"benchmark {number}",
                Source(
                    f"held-out {number}",
                    Generated(FAMILIES, per_family=-(-items // len(FAMILIES)), seed=100 + number, held_out=True),
                    "Apache-2.0",
                ),
                k=(1, 8),
            )
            for number in range(BENCHMARKS)
        ),
        evaluation=replace(small.evaluation, sampling=Sampling(temperature=0.7, max_tokens=64), samples=SAMPLES),
        contenders=tuple(Contender(role, replace(TINY, revision=role[-1])) for role in ROLES[2:]),
    )
    return Project(recipe, Deployment(data=folder))


def materialize(one: Project, names: list[str]) -> None:
    """Make the assets of these names, as Dagster does in a process."""
    job = build_definitions(one.recipe, one.deployment).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(
            instance=instance, run_config=QUIET, asset_selection=[dg.AssetKey(name) for name in names]
        )


def write(one: Project, letters: int) -> int:
    """Everything that a report is made from, with made-up answers; how many there are."""
    materialize(one, [table.name for table in ASSET_TABLES if table not in (ANSWERS, REPORTS)])
    problems = one.store.read(BENCHMARK_PROBLEMS)
    ident = str(one.store.read(CHECKPOINT)["checkpoint_id"][0])
    origin = Inputs("made up", {}, letters)
    result = StageResult(ANSWERS.frame([]), stream=answers(problems, ident, letters))
    return one.store.build(ANSWERS, origin, lambda: result).manifest.rows


def answers(problems: pl.DataFrame, ident: str, letters: int) -> Iterator[pl.DataFrame]:
    """The answers of all models, a benchmark and role at a time."""
    import numpy as np

    dice = np.random.default_rng(1)
    words = "".join(dice.choice(list("abcdefghij "), 1_000_000).tolist())
    for (benchmark,), items in problems.group_by("benchmark", maintain_order=True):
        difficulty = dice.beta(1, 1, items.height)
        n = items.height * SAMPLES
        samples = items.select("problem_id", "family", "level", "domain", item=pl.int_range(pl.len()))
        samples = samples.select(pl.all().repeat_by(SAMPLES).explode())
        for deployment, role in enumerate(ROLES):
            right = dice.random((items.height, SAMPLES)) < np.clip(difficulty + 0.02 * deployment, 0, 1)[:, None]
            verdict = np.where(right.ravel(), "correct", "wrong")
            texts = np.where(right.ravel(), samples["item"].to_numpy(), dice.integers(0, 40, n) + 1000).astype(str)
            ids = [f"{benchmark} {deployment} {each:08d}" for each in range(n)]
            frame = samples.drop("item").with_columns(
                answer_id=pl.Series(ids), completion_id=pl.Series([f"{each} of it" for each in ids]),
                epoch_name=pl.lit(""), benchmark=pl.lit(benchmark), role=pl.lit(role), model=pl.lit(f"m{deployment}@1"),
                checkpoint_id=pl.lit(ident if role == "student" else None, pl.String()),
                sample=pl.Series(np.tile(np.arange(SAMPLES), items.height)),
                text=pl.Series([words[at : at + letters] for at in dice.integers(0, len(words) - letters, n)]),
                finish_reason=pl.Series(np.where(dice.random(n) < 0.97, "stop", "length")),
                completion_tokens=pl.Series(dice.integers(200, 9000, n)),
                strict=pl.Series(verdict), lenient=pl.Series(verdict),
                strict_answer=pl.Series(texts), lenient_answer=pl.Series(texts),
            )  # fmt: skip
            left = [
                pl.lit(None, kind).alias(name) for name, kind in ANSWERS.schema.items() if name not in frame.columns
            ]
            yield frame.with_columns(left).select(pl.col(name).cast(kind) for name, kind in ANSWERS.schema.items())


def ours(one: Project) -> None:
    """The asset, in a run of its own."""
    materialize(one, [REPORTS.name])
    (report,) = (one.store.folder / "history").iterdir()
    sizes = ", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(report.iterdir()))
    assert {*FILES, ITEMS} <= {path.name for path in report.iterdir()}
    print(f"{one.store.read(REPORTS).height} rows; kept in the history: {sizes}")


def peer(one: Project) -> None:
    """Item means and scipy's percentile bootstrap over them, for each model and benchmark."""
    import numpy as np
    from scipy.stats import bootstrap

    columns = ("benchmark", "role", "problem_id", "strict")
    means = (
        pl.scan_parquet(one.store.path(ANSWERS))
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


def most_held() -> float:
    """The most memory of this process, in GB. What getrusage tells begins with what the parent held."""
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    return int(peak.split()[0]) * 1024 / 1e9


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=130)
    options.add_argument("--letters", type=int, default=2000)
    options.add_argument("--only", choices=("ours", "peer"))
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    if chosen.only:
        {"ours": ours, "peer": peer}[chosen.only](project(chosen.folder, chosen.items))
        took = resource.getrusage(resource.RUSAGE_SELF)
        print(
            f"{chosen.only}: {took.ru_utime + took.ru_stime:.1f} s of processor, at most {most_held():.2f} GB",
            end=", ",
            flush=True,
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        one = project(Path(folder), chosen.items)
        total = write(one, chosen.letters)
        print(f"{total:,} answers, {one.store.path(ANSWERS).stat().st_size / 1e9:.2f} GB", flush=True)
        for who in ("ours", "peer"):
            arguments = ("--only", who, "--folder", folder, "--items", str(chosen.items))
            began = time.perf_counter()
            subprocess.run([sys.executable, __file__, *arguments], check=True)
            print(f"{time.perf_counter() - began:.1f} s from start to end", flush=True)


if __name__ == "__main__":
    main()
