"""docs/benchmarks.md matches the code: its example runs, its table is current, and its copy of a set is read."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from recipes.hub_folders import gpqa

from skyassets.core.sources import HubDataset, LocalFile
from skyassets.engines.sources.reader import ProblemReader
from skyassets.recipes.benchmarks import SHIPPED
from skyassets.recipes.recipe import check
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.problems.table import benchmark_problems

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_a_benchmark_of_a_recipe_that_reads_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rows,) = blocks("json")
    (tmp_path / "capitals.jsonl").write_text(rows)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec(blocks("python")[0], scope)
    recipe = check(scope["measured_on_capitals"]())  # type: ignore[operator]
    capitals = recipe.benchmarks[-1]
    problems = benchmark_problems([capitals], ProblemReader()).frame
    assert sorted(problems["ground_truth"]) == ["Canberra", "Lima"]
    assert set(problems["level"]) == {"easy", "hard"}
    assert problems["set_aside"].null_count() == problems.height == len(rows.splitlines())
    assert (capitals.samples, capitals.k) == (4, (4,))


def test_the_rows_of_the_example_can_be_asked_as_choices(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in blocks("json")[0].splitlines()]
    path = tmp_path / "choices.jsonl"
    path.write_text("".join(json.dumps({**row, "all": [row["right"], *row["others"]], "at": 0}) + "\n" for row in rows))
    scope: dict[str, object] = {}
    exec(blocks("python")[0], scope)
    open_one: Benchmark = scope["capitals"]()  # type: ignore[operator]
    source = replace(open_one.source, origin=LocalFile(str(path)), options="all", ground_truth="at")
    problems = benchmark_problems([replace(open_one, source=source)], ProblemReader()).frame
    for question, letter in problems.select("question", "ground_truth").iter_rows():
        assert re.search(rf"^{letter}\) (Lima|Canberra)$", question, re.MULTILINE)


def test_a_copy_of_a_gated_set_is_read_from_its_folder(tmp_path: Path) -> None:
    gpqa(tmp_path)
    scope: dict[str, object] = {}
    exec(blocks("python")[1].replace("/data/gpqa", str(tmp_path)), scope)
    problems = benchmark_problems([scope["local_gpqa"]()], ProblemReader()).frame  # type: ignore[operator]
    assert problems["set_aside"].null_count() == 1


def test_the_table_matches_the_code() -> None:
    wanted = "\n".join(row(make.__name__, make()) for make in SHIPPED)
    assert wanted in PAGE, f"docs/benchmarks.md should have these rows:\n{wanted}"


def row(function: str, one: Benchmark) -> str:
    source, origin = one.source, one.source.origin
    assert isinstance(origin, HubDataset)
    kind = {"code": "a program", "maths": "a final answer", "science": "a final answer"}[source.domain]
    how = "one of several options" if source.is_choice else kind
    samples = "the evaluation's" if one.samples is None else f"{one.samples}, {', '.join(f'pass@{k}' for k in one.k)}"
    columns = (f"`{column}`" if column else "" for column in (source.family, source.level))
    return (
        "| "
        + " | ".join([one.name, f"`{function}`", f"`{origin.repo}`", source.licence, how, samples, *columns])
        + " |"
    )
