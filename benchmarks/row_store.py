"""What stored rows cost: a no-op rebuild, one row more, and memory, beside an empty `dagster asset materialize`.

`python benchmarks/row_store.py ROWS...`: for each number of rows, a user's recipe over a JSON Lines file of as many
problems, whose 8 kB traces of synthetic text are put into the row store first. Then the real command materializes
`raw_problems` and `teacher_traces`: the first time, with nothing changed, and with one problem more. CPU seconds are
those of the whole process tree, the peak is the largest process's.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from skyassets.core.ports import Reply
from skyassets.core.rows.store import RowStore
from skyassets.core.sources import LocalFile, Source
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke
from skyassets.stages.sampling.completions import completion_row
from skyassets.stages.sampling.sample import request_for

ROOT = Path(__file__).parents[1]
EMPTY = """
import dagster as dg
def made(name):
    @dg.asset(name=name)
    def asset() -> None: ...
    return asset
defs = dg.Definitions(assets=[made("raw_problems"), made("teacher_traces")], executor=dg.in_process_executor)
"""
WORDS = 4000
TRACE_BYTES = 8192
RUNS = 5


def stored() -> Recipe:
    """The smoke recipe on the file that MINE names, one sample a problem."""
    source = Source("mine", LocalFile(os.environ["MINE"]), "Apache-2.0", question="question", ground_truth="answer")
    base = smoke()
    return replace(base, name="stored", sources=(source,), teacher=replace(base.teacher, samples=1))


def texts(size: int) -> Iterator[str]:
    """Synthetic traces of `size` bytes: words of a made-up language, drawn as unevenly as real ones are."""
    dice = random.Random(1)
    words = ["".join(dice.choices("etaoinshrdlucmfw", k=dice.randint(2, 11))) for _ in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    while True:
        yield " ".join(dice.choices(words, weights, k=size // 5))[:size].ljust(size, ".")


def question(number: int) -> dict[str, str]:
    return {"question": f"What is {number} times 7, and why does it matter?", "answer": str(number * 7)}


def fill(rows: int, folder: Path, size: int) -> None:
    """Put a completion of every problem into the store."""
    asking = stored().teacher
    store = RowStore(folder / "data" / "rows", COMPLETIONS)
    some = texts(size)
    pool = [next(some) for _ in range(2000)]
    dice = random.Random(2)
    with store.writer() as writer:
        for number in range(rows):
            problem = {"domain": "maths", "starter_code": None, "question": question(number)["question"]}
            request = request_for(problem, 0, asking)
            cut = dice.randrange(size)
            text = dice.choice(pool)[cut:] + dice.choice(pool)[:cut]
            reply = Reply(request.id, text, "stop", 30, size // 4, 1.0, "synthetic", at="2026-01-01T00:00:00.000+00:00")
            writer.put({**completion_row(request, reply), "asked_for": "stored/teacher_traces", "run": "none"})
    store.compact()


def write(path: Path, rows: int) -> None:
    path.write_text("".join(f"{json.dumps(question(number))}\n" for number in range(rows)))


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak in MB of a command and its children."""
    program = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "assert done.returncode == 0, done.stdout + done.stderr\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cpu, peak = (float(value) for value in done.stdout.split())
    return cpu, time.monotonic() - began, peak


def calls(folder: Path) -> int:
    log = folder / "data" / "logs" / "tiny-server.jsonl"
    return len(log.read_text().splitlines()) if log.exists() else 0


def race(rows: int, size: int, runs: int) -> None:
    with tempfile.TemporaryDirectory(prefix="row-store-") as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
        (folder / "empty_graph.py").write_text(EMPTY)
        mine = folder / "mine.jsonl"
        write(mine, rows)
        os.environ["MINE"] = str(mine)
        environment = os.environ | {
            "SKYASSETS_RECIPE": "row_store:stored",
            "SKYASSETS_DATA": f"{folder}/data",
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": f"{folder}:{Path(__file__).parent}",
        }
        began = time.monotonic()
        fill(rows, folder, size)
        print(f"{rows} rows of {size} bytes: filled in {time.monotonic() - began:.0f} s", flush=True)
        materialize = [sys.executable, "-m", "dagster", "asset", "materialize", "--select"]
        both, module = "raw_problems,teacher_traces", ["-m", "skyassets.definitions"]
        bare = [measured([*materialize, both, "-m", "empty_graph"], environment) for _ in range(runs)]
        empty = median(one[0] for one in bare)

        def show(what: str, many: list[tuple[float, float, float]]) -> None:
            cpu, wall, peak = (median(one[deployment] for one in many) for deployment in range(3))
            print(
                f"  {what}: {cpu:.2f} CPU-s, {cpu - empty:+.2f} beyond empty, {cpu / empty:.2f}x; {wall:.2f} s wall; "
                f"peak {peak:.0f} MB; {calls(folder)} calls so far",
                flush=True,
            )

        show("empty materialize", bare)
        show("first build of raw_problems", [measured([*materialize, "raw_problems", *module], environment)])
        show("first build of teacher_traces", [measured([*materialize, "teacher_traces", *module], environment)])
        show("no-op", [measured([*materialize, both, *module], environment) for _ in range(runs)])
        more = []
        for number in range(runs):
            write(mine, rows + number + 1)
            more.append(measured([*materialize, both, *module], environment))
        show("+1 row", more)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="+")
    parser.add_argument("--size", type=int, default=TRACE_BYTES)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    for rows in options.rows:
        race(rows, options.size, options.runs)


if __name__ == "__main__":
    main()
