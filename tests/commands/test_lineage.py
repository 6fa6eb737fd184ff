"""`skyassets lineage`: from any row of any table to what it was made from and to what was made of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from shell import Shell

from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)
from skyassets.core.tables.store import TableStore

RECIPE = "explained_recipes:rewritten"


@pytest.fixture(scope="module")
def made(rewritten_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which a recipe with a rewriting model has run."""
    return Shell.copy_of(rewritten_run_once, tmp_path_factory.mktemp("made"), RECIPE)


def read(shell: Shell, table: Table) -> pl.DataFrame:
    return TableStore(shell.data / "rewritten").read(table)


def lineage(shell: Shell, *words: str, status: int = 0) -> str:
    done = shell.run("skyassets", "lineage", *words, COLUMNS="100")
    assert done.returncode == status, done.stdout
    return done.stdout


def walked(shell: Shell, ident: str) -> dict[str, dict[str, set[str]]]:
    """Direction to table to the ids found there, everything shown."""
    data = json.loads(lineage(shell, ident, "--all", "--json"))

    def below(branches: list[dict[str, object]]) -> Iterator[tuple[str, str]]:
        for branch in branches:
            if "id" in branch:
                yield str(branch["table"]), str(branch["id"])
                yield from below(branch["next"])  # type: ignore[arg-type]

    rows: dict[str, dict[str, set[str]]] = {"made_from": {}, "used_by": {}}
    for way, tables in rows.items():
        for table, key in below(data[way]):
            assert key not in tables.setdefault(table, set())  # every row stands in the tree once
            tables[table].add(key)
    return rows


def test_a_score_leads_back_to_the_problems_behind_the_student(made: Shell) -> None:
    score = read(made, REPORTS).filter(by="all", role="student", metric="strict accuracy").row(0, named=True)
    rows = walked(made, score["report_id"])["made_from"]
    kept = read(made, EXAMPLES).filter(pl.col("dropped_by").is_null())
    assert rows["benchmark_answers"] == set(read(made, ANSWERS).filter(role="student")["answer_id"])
    assert rows["benchmark_problems"] == set(read(made, BENCHMARK_PROBLEMS)["problem_id"])
    assert rows["checkpoint"] == set(read(made, CHECKPOINT)["checkpoint_id"])
    assert rows["sft_dataset"] == set(kept["example_id"])
    assert rows["rewritten_traces"] == set(kept["rewrite_id"])
    assert rows["teacher_traces"] == set(kept["trace_id"])
    assert rows["raw_problems"] == set(kept["problem_id"])
    completions = read(made, TRACES).join(kept, on="trace_id", how="semi")["completion_id"]
    assert set(completions) <= rows["completions"]


def test_a_problem_leads_to_every_row_that_came_of_it(made: Shell) -> None:
    example = read(made, EXAMPLES).filter(pl.col("dropped_by").is_null()).row(0, named=True)
    rows = walked(made, example["problem_id"])
    assert rows["made_from"] == {}
    ours = pl.col("problem_id") == example["problem_id"]
    for table in (TRACES, REWRITES, VERDICTS, EXAMPLES):
        assert rows["used_by"][table.name] == set(read(made, table).filter(ours)[table.key])
    assert rows["used_by"]["benchmark_answers"] == set(read(made, ANSWERS).filter(role="student")["answer_id"])
    scores = read(made, REPORTS).filter(pl.col("role") != "base")
    assert rows["used_by"]["benchmark_reports"] == set(scores["report_id"])


def test_a_dropped_example_leads_nowhere_further(made: Shell) -> None:
    dropped = read(made, EXAMPLES).filter(pl.col("dropped_by").is_not_null()).row(0, named=True)
    assert walked(made, dropped["example_id"])["used_by"] == {}
    assert "dropped: " in lineage(made, dropped["example_id"][:10])


@pytest.mark.parametrize("table", [PROBLEMS, TRACES, REWRITES, VERDICTS, EXAMPLES, BENCHMARK_PROBLEMS, ANSWERS])
def test_up_and_down_are_the_same_links(made: Shell, table: Table) -> None:
    start = read(made, table)[table.key][0]
    for parent_table, parents in walked(made, start)["made_from"].items():
        for parent in sorted(parents)[:2]:
            assert start in walked(made, f"{parent_table}:{parent}")["used_by"][table.name]


def test_a_completion_leads_to_what_was_made_of_it(made: Shell) -> None:
    rewrite = read(made, REWRITES).filter(pl.col("completion_id").is_not_null()).row(0, named=True)
    assert rewrite["rewrite_id"] in walked(made, rewrite["completion_id"])["used_by"]["rewritten_traces"]


def test_one_line_a_row_within_the_terminal(made: Shell) -> None:
    output = lineage(made, read(made, PROBLEMS)["problem_id"][0][:6])
    assert all(len(line) <= 100 for line in output.splitlines())
    assert output.splitlines()[1] == "made from nothing"
    assert "├── teacher_traces" in output


def test_many_rows_are_summed_up_by_kind_unless_all_are_wanted(made: Shell) -> None:
    output = lineage(made, "checkpoint")
    kept = read(made, EXAMPLES).filter(pl.col("dropped_by").is_null()).height
    assert f"+ {kept - 3} more sft_dataset: {kept - 3} kept" in output
    assert " more " not in lineage(made, "checkpoint", "--all")


def test_a_score_is_found_by_its_words(made: Shell) -> None:
    assert lineage(made, "strict accuracy").startswith("benchmark_reports ")
    assert "student - base lenient accuracy" in lineage(made, "student - base lenient all").splitlines()[0]


def test_what_is_ambiguous_lists_its_candidates(made: Shell) -> None:
    output = lineage(made, "plus base", status=1)
    assert "'plus base' matches 3 rows; give more of the id, or TABLE:ID:" in output
    assert output.count("benchmark_reports ") == 3


@pytest.mark.parametrize("name", ["ffffffffffff", "ab", "raw_problems:ffffffff"])
def test_nothing_by_that_name_says_what_to_do(made: Shell, name: str) -> None:
    assert "SKYASSETS_RECIPE" in lineage(made, name, status=1)


def test_a_recipe_that_was_never_run_has_no_rows(made: Shell) -> None:
    done = made.run("skyassets", "lineage", "abcdef12", SKYASSETS_RECIPE="embedded")
    assert done.returncode == 1
    assert "No row of the recipe embedded" in done.stdout
