"""What it costs to load the definitions, and to run when nothing changed, beside bare Dagster. CPU seconds, medians.

The peer of the second race is an in-process Dagster run of as many assets that do nothing at all.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
RUNS = 5
EMPTY = """
import dagster as dg
def made(name):
    @dg.asset(name=name)
    def asset() -> None: ...
    return asset
defs = dg.Definitions(assets=[made(f"a{n}") for n in range(9)], executor=dg.in_process_executor)
"""


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def race(name: str, ours: list[str], peer: list[str], environment: dict[str, str]) -> None:
    pairs = [(cpu_seconds(ours, environment), cpu_seconds(peer, environment)) for _ in range(RUNS + 1)][1:]
    mine, theirs = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    print(f"{name}: {mine:.2f} s, peer {theirs:.2f} s, ratio {mine / theirs:.2f}, difference {mine - theirs:+.2f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
        (Path(folder) / "empty_graph.py").write_text(EMPTY)
        environment = os.environ | {
            "SKYASSETS_RECIPE": "smoke",
            "SKYASSETS_DATA": f"{folder}/data",
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": folder,
        }
        python = [sys.executable, "-c"]
        race("load", [*python, "import skyassets.definitions"], [*python, "import dagster, polars"], environment)
        materialize = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "*", "-m"]
        cpu_seconds([*materialize, "skyassets.definitions"], environment)
        race("no-op run", [*materialize, "skyassets.definitions"], [*materialize, "empty_graph"], environment)


if __name__ == "__main__":
    main()
