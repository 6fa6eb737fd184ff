"""What it costs to load the definitions, and to run when nothing changed, beside bare Dagster. CPU seconds, medians.

The promises: loading costs no more than `import dagster` and half a second; the run costs no more than 1.3 times an
in-process Dagster run of as many assets that do nothing at all. There are two such peers: assets that hang on nothing
and have no checks, and our own graph, with its dependencies and its checks, all of them empty. What lies between the
two is what Dagster asks for dependencies and checks. Ours and the peer take turns, so that a machine that slows down
slows both. Bytecode (and what is noted beside it) is kept in a folder of its own, warm for both.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import dagster as dg

from skyassets.assets.graph import build_definitions
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.smoke import smoke

ROOT = Path(__file__).parents[1]
RUNS = 7
EMPTY = """
import dagster as dg
def made(name, deps, checks):
    @dg.asset(name=name, deps=deps, check_specs=[dg.AssetCheckSpec(check, asset=name) for check in checks])
    def asset():
        results = [dg.AssetCheckResult(passed=True, check_name=check) for check in checks]
        return dg.MaterializeResult(check_results=results)
    return asset
def checked(number, keys):
    @dg.multi_asset_check(name=f"checks_{number}", specs=[dg.AssetCheckSpec(name, asset=on) for on, name in keys])
    def checks():
        for on, name in keys:
            yield dg.AssetCheckResult(passed=True, asset_key=on, check_name=name)
    return checks
defs = dg.Definitions(
    assets=[made(*each) for each in ASSETS],
    asset_checks=[checked(number, keys) for number, keys in enumerate(CHECKS)],
    executor=dg.in_process_executor,
)
"""
ALONE = f"ASSETS = [(f'a{{n}}', [], []) for n in range(9)]\nCHECKS = []\n{EMPTY}"


def same_graph(recipe: Recipe, data: Path) -> str:
    """The module of an empty graph with the assets, dependencies and checks of ours."""
    graph = build_definitions(recipe, Deployment(data=data))
    assets = [
        (
            each.key.to_user_string(),
            sorted(key.to_user_string() for key in each.asset_deps[each.key]),
            [spec.name for spec in each.check_specs],
        )
        for each in graph.assets or ()
        if isinstance(each, dg.AssetsDefinition)
    ]
    checks = [
        [(spec.asset_key.to_user_string(), spec.name) for spec in each.check_specs] for each in graph.asset_checks or ()
    ]
    return f"ASSETS = {assets!r}\nCHECKS = {checks!r}\n{EMPTY}"


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def race(name: str, ours: list[str], peer: list[str], environment: dict[str, str]) -> None:
    pairs = [(cpu_seconds(ours, environment), cpu_seconds(peer, environment)) for _ in range(RUNS + 1)][1:]
    mine, theirs = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    ratio, more = median(a / b for a, b in pairs), median(a - b for a, b in pairs)
    print(f"{name}: {mine:.2f} s, peer {theirs:.2f} s; by pairs: ratio {ratio:.2f}, difference {more:+.2f} s")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text((ROOT / "deploy" / "dagster.yaml").read_text())
        (Path(folder) / "empty_alone.py").write_text(ALONE)
        (Path(folder) / "empty_graph.py").write_text(same_graph(smoke(), Path(folder) / "none"))
        environment = os.environ | {
            "SKYASSETS_RECIPE": "smoke",
            "SKYASSETS_DATA": f"{folder}/data",
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": folder,
            "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        python = [sys.executable, "-c"]
        load = [*python, "import skyassets.definitions"]
        race("load, beside import dagster", load, [*python, "import dagster"], environment)
        race("load, beside import dagster and polars", load, [*python, "import dagster, polars"], environment)
        materialize = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "*", "-m"]
        cpu_seconds([*materialize, "skyassets.definitions"], environment)
        ours = [*materialize, "skyassets.definitions"]
        race("no-op run, beside as many empty assets", ours, [*materialize, "empty_alone"], environment)
        race("no-op run, beside our graph with nothing in it", ours, [*materialize, "empty_graph"], environment)


if __name__ == "__main__":
    main()
