"""The dry run: the completions that a recipe wants depend on the stored ones, as in a real run; no model is called."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from skyassets.core.ports import Reply, Request, Sampling
from skyassets.core.rows.failures import failure_row, failures_beside
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, PROBLEMS
from skyassets.recipes.smoke import TINY, smoke
from skyassets.stages.inspection.dry_run import answered, rewritten, taught
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting
from skyassets.stages.sampling.completions import completion_row
from skyassets.stages.sampling.length_policy import LengthPolicy

ASKING = replace(smoke().teacher, length=LengthPolicy(budgets=(128,)))
REWRITING = ModelRewriting(TINY, "You rewrite.", "{question} {trace}", Sampling(0.7, 64), seed=5, tries=3)


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore(tmp_path, COMPLETIONS)


@pytest.fixture
def problem() -> pl.DataFrame:
    return PROBLEMS.frame([{"problem_id": "p", "domain": "maths", "question": "What is 6 times 7?"}])


def put(store: RowStore, request: Request, text: str, finish_reason: str = "stop") -> None:
    with store.writer() as writer:
        writer.put(completion_row(request, Reply(request.id, text, finish_reason, 1, 1, 0.1, "test")))


def test_every_sample_is_wanted_once(store: RowStore, problem: pl.DataFrame) -> None:
    wanted, traces = taught(problem, ASKING, store)
    assert [one.what for one in wanted] == ["sample 0", "sample 1"]
    assert traces["text"].to_list() == [None, None]


def test_a_completion_that_was_cut_is_wanted_again_with_more_tokens(store: RowStore, problem: pl.DataFrame) -> None:
    first = taught(problem, ASKING, store)[0][0]
    put(store, first.request, "So I", "length")
    wanted, _ = taught(problem, ASKING, store)
    assert [one.what for one in wanted] == ["sample 0", "sample 1", "sample 0, again with 128 tokens"]
    put(store, wanted[-1].request, "So I say 42.")
    assert taught(problem, ASKING, store)[1]["text"][0] == "So I say 42."


def test_a_rewrite_is_wanted_again_where_the_try_before_is_known_to_fail(
    store: RowStore, problem: pl.DataFrame
) -> None:
    for one in taught(problem, ASKING, store)[0]:
        put(store, one.request, f"The answer is {42 + one.sample}.")
    _, traces = taught(problem, ASKING, store)
    wanted = rewritten(problem, traces, REWRITING, store)
    assert [one.what for one in wanted] == ["rewrite 0, try 1", "rewrite 1, try 1"]
    put(store, wanted[0].request, "I'm sorry, but I can't help with that.")
    wanted = rewritten(problem, traces, REWRITING, store)
    assert [one.what for one in wanted] == ["rewrite 0, try 1", "rewrite 0, try 2", "rewrite 1, try 1"]


def test_a_rewrite_is_wanted_again_where_the_try_before_failed_for_good(store: RowStore, problem: pl.DataFrame) -> None:
    put(store, taught(problem, ASKING, store)[0][0].request, "The answer is 42.")
    _, traces = taught(problem, ASKING, store)
    first = rewritten(problem, traces, REWRITING, store)[0].request
    with failures_beside(store).writer() as writer:
        reply = Reply(first.id, "", "", 1, 0, 0.1, "test", "an empty text in the answer", is_final=True)
        writer.put({**failure_row(first, reply), "asked_for": "", "run": ""})
    wanted = rewritten(problem, traces, REWRITING, store)
    assert [one.what for one in wanted] == ["rewrite 0, try 1", "rewrite 0, try 2"]


def test_a_rewrite_that_was_cut_is_wanted_again_with_more_tokens(store: RowStore, problem: pl.DataFrame) -> None:
    put(store, taught(problem, ASKING, store)[0][0].request, "The answer is 42.")
    _, traces = taught(problem, ASKING, store)
    patient = replace(REWRITING, length=LengthPolicy(budgets=(128,)))
    put(store, rewritten(problem, traces, patient, store)[0].request, "So I", "length")
    wanted = rewritten(problem, traces, patient, store)
    assert [one.what for one in wanted] == ["rewrite 0, try 1", "rewrite 0, try 1, with 128 tokens"]
    put(store, wanted[-1].request, "I'm sorry, but I can't help with that.")
    assert rewritten(problem, traces, patient, store)[-1].what == "rewrite 0, try 2, with 128 tokens"


def test_rules_and_traces_that_are_not_there_want_no_rewrite(store: RowStore, problem: pl.DataFrame) -> None:
    _, traces = taught(problem, ASKING, store)
    assert rewritten(problem, traces, REWRITING, store) == []
    assert rewritten(problem, traces, RuleRewriting(), store) == []


def test_answers_are_wanted_of_each_entrant(problem: pl.DataFrame) -> None:
    evaluation, benchmarks = smoke().evaluation, smoke().benchmarks
    held_out = problem.with_columns(benchmark=pl.lit(benchmarks[0].name))
    (first,) = answered(held_out, benchmarks, evaluation, "base", TINY, "")
    (later,) = answered(held_out, benchmarks, evaluation, "base", TINY, "2026-01-05")
    assert first.what == "base's answer 0"
    assert first.request.id != later.request.id


def test_a_dry_run_writes_nothing(store: RowStore, problem: pl.DataFrame) -> None:
    taught(problem, ASKING, store)
    assert not store.folder.exists()
