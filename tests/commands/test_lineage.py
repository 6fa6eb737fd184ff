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
def rewritten_shell(rewritten_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
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
            assert key not in tables.setdefault(table, set())  # every row is in the tree once
            tables[table].add(key)
    return rows


def test_a_score_leads_back_to_the_problems_behind_the_student(rewritten_shell: Shell) -> None:
    score = read(rewritten_shell, REPORTS).filter(by="all", role="student", metric="strict accuracy").row(0, named=True)
    rows = walked(rewritten_shell, score["report_id"])["made_from"]
    examples = read(rewritten_shell, EXAMPLES).filter(pl.col("dropped_by").is_null())
    assert rows["benchmark_answers"] == set(read(rewritten_shell, ANSWERS).filter(role="student")["answer_id"])
    assert rows["benchmark_problems"] == set(read(rewritten_shell, BENCHMARK_PROBLEMS)["problem_id"])
    assert rows["checkpoint"] == set(read(rewritten_shell, CHECKPOINT)["checkpoint_id"])
    assert rows["sft_dataset"] == set(examples["example_id"])
    assert rows["rewritten_traces"] == set(examples["rewrite_id"])
    assert rows["teacher_traces"] == set(examples["trace_id"])
    assert rows["raw_problems"] == set(examples["problem_id"])
    completions = read(rewritten_shell, TRACES).join(examples, on="trace_id", how="semi")["completion_id"]
    assert set(completions) <= rows["completions"]


def test_a_problem_leads_to_every_row_made_from_it(rewritten_shell: Shell) -> None:
    example = read(rewritten_shell, EXAMPLES).filter(pl.col("dropped_by").is_null()).row(0, named=True)
    rows = walked(rewritten_shell, example["problem_id"])
    assert rows["made_from"] == {}
    ours = pl.col("problem_id") == example["problem_id"]
    for table in (TRACES, REWRITES, VERDICTS, EXAMPLES):
        assert rows["used_by"][table.name] == set(read(rewritten_shell, table).filter(ours)[table.key])
    assert rows["used_by"]["benchmark_answers"] == set(
        read(rewritten_shell, ANSWERS).filter(role="student")["answer_id"]
    )
    scores = read(rewritten_shell, REPORTS).filter(pl.col("role") != "base")
    assert rows["used_by"]["benchmark_reports"] == set(scores["report_id"])


def test_a_dropped_example_is_used_by_nothing(rewritten_shell: Shell) -> None:
    dropped = read(rewritten_shell, EXAMPLES).filter(pl.col("dropped_by").is_not_null()).row(0, named=True)
    assert walked(rewritten_shell, dropped["example_id"])["used_by"] == {}
    assert "dropped: " in lineage(rewritten_shell, dropped["example_id"][:10])


@pytest.mark.parametrize("table", [PROBLEMS, TRACES, REWRITES, VERDICTS, EXAMPLES, BENCHMARK_PROBLEMS, ANSWERS])
def test_up_and_down_are_the_same_links(rewritten_shell: Shell, table: Table) -> None:
    start = read(rewritten_shell, table)[table.key][0]
    for parent_table, parents in walked(rewritten_shell, start)["made_from"].items():
        for parent in sorted(parents)[:2]:
            assert start in walked(rewritten_shell, f"{parent_table}:{parent}")["used_by"][table.name]


def test_a_completion_leads_to_the_rows_made_from_it(rewritten_shell: Shell) -> None:
    rewrite = read(rewritten_shell, REWRITES).filter(pl.col("completion_id").is_not_null()).row(0, named=True)
    assert rewrite["rewrite_id"] in walked(rewritten_shell, rewrite["completion_id"])["used_by"]["rewritten_traces"]


def test_each_row_is_one_line_within_the_terminals_width(rewritten_shell: Shell) -> None:
    output = lineage(rewritten_shell, read(rewritten_shell, PROBLEMS)["problem_id"][0][:6])
    assert all(len(line) <= 100 for line in output.splitlines())
    assert output.splitlines()[1] == "made from nothing"
    assert "├── teacher_traces" in output


def test_many_rows_are_summarised_by_kind_unless_all_are_requested(rewritten_shell: Shell) -> None:
    output = lineage(rewritten_shell, "checkpoint")
    example_count = read(rewritten_shell, EXAMPLES).filter(pl.col("dropped_by").is_null()).height
    assert f"+ {example_count - 3} more sft_dataset: {example_count - 3} kept" in output
    assert " more " not in lineage(rewritten_shell, "checkpoint", "--all")


def test_a_score_is_found_by_its_words(rewritten_shell: Shell) -> None:
    assert lineage(rewritten_shell, "strict accuracy").startswith("benchmark_reports ")
    assert "student - base lenient accuracy" in lineage(rewritten_shell, "student - base lenient all").splitlines()[0]


def test_an_ambiguous_name_lists_its_candidates(rewritten_shell: Shell) -> None:
    output = lineage(rewritten_shell, "plus base", status=1)
    assert "'plus base' matches 3 rows; give more of the id, or TABLE:ID:" in output
    assert output.count("benchmark_reports ") == 3


@pytest.mark.parametrize("name", ["ffffffffffff", "ab", "raw_problems:ffffffff"])
def test_an_unknown_name_reports_what_to_do(rewritten_shell: Shell, name: str) -> None:
    assert "SKYASSETS_RECIPE" in lineage(rewritten_shell, name, status=1)


def test_a_recipe_that_was_never_run_has_no_rows(rewritten_shell: Shell) -> None:
    done = rewritten_shell.run("skyassets", "lineage", "abcdef12", SKYASSETS_RECIPE="embedded")
    assert done.returncode == 1
    assert "No row of the recipe embedded" in done.stdout
