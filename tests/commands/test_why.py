"""`skyassets why`: where a reused completion is from, and which part of a new call's key differs."""

import json
import time
from pathlib import Path

import polars as pl
import pytest
from shell import SELECT_ALL, Shell

from skyassets.core.tables.declarations import ANSWERS, COMPLETIONS, PROBLEMS, REWRITES, TRACES, Table
from skyassets.core.tables.store import TableStore


@pytest.fixture(scope="module")
def smoke_shell(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which the smoke recipe and one with a rewriting model have run."""
    shell = Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("made"))
    done = shell.run(*SELECT_ALL, SKYASSETS_RECIPE="explained_recipes:rewritten")
    assert done.returncode == 0, done.stdout
    return shell


def first(shell: Shell, table: Table, recipe: str = "smoke", **equal: object) -> dict[str, object]:
    return TableStore(shell.data / recipe).read(table).filter(**equal).row(0, named=True)


def why(shell: Shell, name: object, recipe: str = "smoke", status: int = 0) -> str:
    done = shell.run("skyassets", "why", str(name), SKYASSETS_RECIPE=recipe, COLUMNS="100")
    assert done.returncode == status, done.stdout
    assert all(len(line) <= 100 for line in done.stdout.splitlines())
    return done.stdout


def test_a_stored_completion_is_reused_and_its_origin_is_named(smoke_shell: Shell) -> None:
    problem = first(smoke_shell, PROBLEMS)
    output = why(smoke_shell, str(problem["problem_id"])[:8])
    traces = TableStore(smoke_shell.data / "smoke").read(TRACES).filter(pl.col("problem_id") == problem["problem_id"])
    for key in traces["completion_id"]:
        assert key[:12] in output
    assert output.count("reused") == traces.height == output.count("smoke/teacher_traces") == output.count("$0")
    assert "missing" not in output


def test_a_changed_temperature_is_the_part_that_differs(smoke_shell: Shell) -> None:
    output = why(smoke_shell, first(smoke_shell, PROBLEMS)["problem_id"], "explained_recipes:hotter")
    assert "reused" not in output
    assert "│ temperature     │ 0.7    │ 0.9    │" in output
    assert "sample 0 (also sample 1)" in output
    assert "│ seed            │ 8      │ 9      │" in output  # the third sample has no counterpart
    assert "equal: model, revision, user message, max_tokens, stop, top_p" in output


def test_an_edited_prompt_is_shown_word_by_word(smoke_shell: Shell) -> None:
    output = why(smoke_shell, first(smoke_shell, PROBLEMS, domain="puzzle")["problem_id"], "explained_recipes:reworded")
    assert "Put the {+final +}answer" in output
    untouched = why(
        smoke_shell, first(smoke_shell, PROBLEMS, domain="maths")["problem_id"], "explained_recipes:reworded"
    )
    assert untouched.count("reused") == 2


def test_a_stored_completion_that_the_recipe_does_not_need_is_reported_as_such(smoke_shell: Shell) -> None:
    key = first(smoke_shell, TRACES)["completion_id"]
    output = why(smoke_shell, key, "explained_recipes:hotter")
    assert "the recipe smoke does not need it" in output
    assert "temperature" in output
    assert "does not need it" not in why(smoke_shell, key)


def test_traces_rewrites_and_answers_are_explained_by_their_own_completions(smoke_shell: Shell) -> None:
    recipe = "explained_recipes:rewritten"
    trace = first(smoke_shell, TRACES, "rewritten", sample=1)
    output = why(smoke_shell, trace["trace_id"], recipe)
    assert "sample 1" in output
    assert "rewrite 1, try 1" in output
    assert "sample 0" not in output
    rewrite = first(smoke_shell, REWRITES, "rewritten", trace_id=trace["trace_id"])
    output = why(smoke_shell, rewrite["rewrite_id"], recipe)
    assert "rewrite 1, try 1" in output
    assert "rewritten/rewritten_traces" in output
    answer = first(smoke_shell, ANSWERS, role="student")
    output = why(smoke_shell, answer["answer_id"])
    assert "student's answer 0" in output
    assert "base's answer" not in output
    assert "base's answer 0" in why(smoke_shell, answer["problem_id"])


def test_another_try_is_needed_only_after_a_known_failure(smoke_shell: Shell) -> None:
    output = why(smoke_shell, first(smoke_shell, PROBLEMS)["problem_id"], "explained_recipes:rewritten_plainly")
    assert "rewrite 0, try 1" in output
    assert "try 2" not in output


def test_a_call_without_a_similar_one_is_new(smoke_shell: Shell, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("dagster", "asset", "materialize", "--select", "raw_problems")
    assert done.returncode == 0, done.stdout
    output = why(shell, first(shell, PROBLEMS)["problem_id"])
    assert "sample 0, sample 1: new; teacher_traces has never made a similar call." in output
    assert not (shell.data / "rows" / "completions").exists()  # explaining makes no call and writes nothing


def test_a_piece_of_a_question_names_its_problem(smoke_shell: Shell) -> None:
    question = str(first(smoke_shell, PROBLEMS, domain="maths")["question"])
    assert question in why(smoke_shell, question)
    output = why(smoke_shell, "What is", status=1)
    assert "'What is' matches " in output


def test_an_unknown_name_reports_what_to_do(smoke_shell: Shell) -> None:
    output = " ".join(why(smoke_shell, "ffffffffffff", status=1).split())
    assert "No row of the recipe smoke matches 'ffffffffffff'" in output
    assert "SKYASSETS_RECIPE" in output


def test_a_row_without_a_single_completion_refers_to_the_lineage(smoke_shell: Shell) -> None:
    assert "skyassets lineage" in why(smoke_shell, "checkpoint", status=1)


def test_a_hundred_thousand_stored_rows_are_searched_in_time(smoke_shell: Shell, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell.run("dagster", "asset", "materialize", "--select", "raw_problems").returncode == 0
    problem = first(shell, PROBLEMS)
    key = {
        "": "", "model": {"": "Model", "name": "tiny", "revision": "1"}, "seed": 7,
        "sampling": {"": "Sampling", "max_tokens": 64, "stop": [], "temperature": 0.7, "top_p": 1},
    }  # fmt: skip
    rows = 100_000
    similar_request = json.dumps(
        {**key, "messages": [{"": "Message", "role": "user", "content": f"{problem['question']} Now."}]}
    )
    others = json.dumps({**key, "messages": [{"": "Message", "role": "user", "content": "What is 1 plus " * 30}]})
    frame = pl.DataFrame({"completion_id": [f"{number:032x}" for number in range(rows)]}).with_columns(
        request=pl.when(pl.col("completion_id") == f"{77:032x}")
        .then(pl.lit(similar_request))
        .otherwise(pl.lit(others)),
        model=pl.lit("tiny@1"),
        text=pl.concat_str("completion_id", pl.lit("word " * 1600)),  # 8 kB
        finish_reason=pl.lit("stop"),
        asked_for=pl.lit("smoke/teacher_traces"),
    )
    folder = shell.data / "rows" / COMPLETIONS.name
    folder.mkdir(parents=True)
    frame.write_parquet(folder / "part-0.parquet", row_group_size=20_000)
    started = time.monotonic()
    output = why(shell, problem["problem_id"])
    assert f"the nearest stored completion is {77:032x}"[:45] in output
    assert "user message" in output
    assert time.monotonic() - started < 20
