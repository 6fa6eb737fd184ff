"""Calls that failed for good: what `why` says of them, and which of them `reask` forgets."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from engines.provider import Provider, provider
from shell import Shell

from skyassets.commands.inspection.failed_requests import failed_rows, request_ids
from skyassets.core.ports import Sampling
from skyassets.core.rows.failures import NOT_AGAIN, failure_store
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, PROBLEMS, TRACES, VERDICTS
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import StageResult, TableStore
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.smoke import TINY, smoke
from skyassets.stages.grading.model_judge import ModelJudge, judge_request
from skyassets.stages.inspection.dry_run import rated
from skyassets.stages.problems.difficulty import Rating
from skyassets.stages.sampling.usage import COST

SAMPLING = Sampling(0.0, 16)
MODE, PRICE = "always-empty", 1000.0
TAUGHT = ("dagster", "asset", "materialize", "--select", "raw_problems,teacher_traces")
RECIPES = {"smoke": "smoke", "twin": "explained_recipes:twin", "elsewhere": "explained_recipes:elsewhere"}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def taught(server: Provider, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which three recipes, two with the same requests, have asked a teacher with empty answers."""
    shell = Shell(tmp_path_factory.mktemp("taught"))
    for recipe in RECIPES:
        assert teach(shell, server, recipe)
    return shell


def teach(shell: Shell, server: Provider, recipe: str) -> str:
    """What a run of a recipe prints."""
    done = shell.run(*TAUGHT, **settings(server, recipe))
    assert done.returncode == 0, done.stdout
    return done.stdout


def settings(server: Provider, recipe: str) -> dict[str, str]:
    return {
        "SKYASSETS_RECIPE": RECIPES[recipe],
        "SKYASSETS_TEACHER_URL": server.url(MODE),
        "SKYASSETS_TEACHER_PRICE": f"{PRICE},{PRICE}",
        "COLUMNS": "200",
    }


def traces(shell: Shell, recipe: str) -> pl.DataFrame:
    return TableStore(shell.data / recipe).read(TRACES)


def failed(shell: Shell, recipe: str) -> set[str]:
    return set(traces(shell, recipe).filter(pl.col("error").is_not_null())["completion_id"])


def cost(shell: Shell, recipe: str) -> object:
    """The cost of the traces altogether, as the asset shows it."""
    manifest = TableStore(shell.data / recipe).manifest(TRACES)
    assert manifest is not None
    (dollars,) = (value for name, value in manifest.metadata.items() if name.endswith(COST))
    return dollars


def stored(shell: Shell) -> set[str]:
    return set(failure_store(shell.data / "rows").everything([])["completion_id"])


def calls(server: Provider) -> int:
    return int(server.seen(MODE)["calls"])


def test_reask_forgets_the_failures_of_its_own_recipe_alone(taught: Shell, server: Provider, tmp_path: Path) -> None:
    shell = Shell.copy_of(taught.folder, tmp_path)
    ours, theirs = failed(shell, "smoke"), failed(shell, "elsewhere")
    assert ours == failed(shell, "twin")
    assert ours | theirs == stored(shell)
    assert min(map(len, (ours, theirs - ours))) > 0
    done = shell.run("skyassets", "reask", "--dry-run", **settings(server, "smoke"))
    assert (done.returncode, stored(shell)) == (0, ours | theirs)
    done = shell.run("skyassets", "reask", **settings(server, "smoke"))
    assert done.returncode == 0
    assert f"Forgot {len(ours)} failures of smoke." in done.stdout
    assert f"{len(theirs - ours)} failures that the tables of smoke do not list stay as they are." in done.stdout
    assert stored(shell) == theirs - ours

    again = shell.run("skyassets", "reask", **settings(server, "smoke"))
    assert again.returncode == 1
    assert "There is nothing to ask again for smoke. The next run asks as it is" in again.stdout
    shared = shell.run("skyassets", "reask", **settings(server, "twin"))
    assert shared.returncode == 0
    assert "They are forgotten already." in shared.stdout

    before = calls(server)
    teach(shell, server, "elsewhere")
    assert calls(server) == before
    teach(shell, server, "smoke")
    assert calls(server) == before + 3 * len(ours)
    teach(shell, server, "twin")
    assert (calls(server), stored(shell)) == (before + 3 * len(ours), ours | theirs)


def test_the_cost_of_the_traces_counts_the_failures_that_another_recipe_paid(taught: Shell) -> None:
    spent = {recipe: cost(taught, recipe) for recipe in ("smoke", "twin")}
    replies = RowStore(taught.data / "rows", COMPLETIONS).get(traces(taught, "smoke")["completion_id"].to_list())
    in_vain = failure_store(taught.data / "rows").get(sorted(failed(taught, "smoke")))
    assert in_vain["dollars"].min() > 0  # type: ignore[operator]  # polars types a minimum as anything
    assert spent["smoke"] == spent["twin"] == pytest.approx(replies["dollars"].sum() + in_vain["dollars"].sum())


def test_why_says_that_no_run_asks_again(taught: Shell, server: Provider) -> None:
    unanswered = traces(taught, "smoke").filter(pl.col("error").is_not_null())
    problems = TableStore(taught.data / "smoke").read(PROBLEMS)
    row = unanswered.join(problems, on="problem_id").row(0, named=True)
    for name in (row["question"], row["trace_id"], row["completion_id"]):
        done = taught.run("skyassets", "why", str(name), **settings(server, "smoke"))
        said = " ".join(done.stdout.split())
        assert done.returncode == 0
        assert f"sample {row['sample']}: failed for good: an empty text in the answer" in said
        assert "`skyassets reask` does" in said
        assert "missing" not in said
        assert "nearest" not in said


def test_the_calls_of_rater_and_judge_are_found_by_the_rows_that_they_failed(tmp_path: Path) -> None:
    rating = Rating(TINY, "", "How hard? {question}", SAMPLING, seed=1)
    judge = ModelJudge(TINY, "", "{question} {ground_truth} {answer}", SAMPLING, seed=1)
    sources = tuple(replace(source, difficulty=(1.0, 5.0)) for source in smoke().sources)
    project = Project(replace(smoke(), sources=sources, rating=rating, judge=judge), Deployment(data=tmp_path))
    problem = {"domain": "puzzle", "question": "Who is it?", "ground_truth": "the tall man"}
    unrated = {**problem, "problem_id": "p", "source": "smoke", "set_aside": f"not rated: no text; {NOT_AGAIN}"}
    judged = {"problem_id": "q", "subject": "trace", "trace_id": "t", "verdict": "unjudged", "answer": "a big man"}
    tables = {
        PROBLEMS: [unrated, {**problem, "problem_id": "q", "source": "smoke"}],
        VERDICTS: [
            {**judged, "verdict_id": "v", "reason": f"the judge's reply has no text: none; {NOT_AGAIN}"},
            {**judged, "verdict_id": "w", "answer": "nobody", "reason": "the judge says wrong"},
        ],
    }
    for table, rows in tables.items():
        project.store.build(table, Inputs("", {}, ""), partial(StageResult, table.frame(rows)))
    failed = failed_rows(project)
    assert {table: rows[table.key].to_list() for table, rows in failed.items()} == {PROBLEMS: ["p"], VERDICTS: ["v"]}
    asked = judge_request("Who is it?", "the tall man", "a big man", judge).id
    (rated_id,) = (one.request.id for one in rated(failed[PROBLEMS], rating, sources, project.rows))
    assert request_ids(project, failed) == {asked, rated_id}


def test_some_rows_are_removed_from_the_store_and_the_others_stay(tmp_path: Path) -> None:
    store = failure_store(tmp_path)
    nothing = dict.fromkeys(store.table.columns)
    for number in range(2):  # two parts
        with store.writer() as writer:
            for name in "abc":
                writer.put({**nothing, "completion_id": f"{name}{number}"})
        store.compact()
    with store.writer() as writer:
        writer.put({**nothing, "completion_id": "d"})
    store.remove(["a0", "b0", "c0", "a1", "d", "no such row"])
    assert sorted(store.everything([])["completion_id"]) == ["b1", "c1"]
    store.remove([])
    RowStore(tmp_path / "nowhere", store.table).remove(["a"])
    assert not (tmp_path / "nowhere").exists()
