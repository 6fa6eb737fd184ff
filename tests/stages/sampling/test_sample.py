"""Sampling: one trace a problem and sample; cut traces are reported, and the longest is requested first."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from skyassets.core.errors import RecipeError
from skyassets.core.ports import CompletionClient, Model, Reply, Request, Sampling
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, PROBLEMS, TRACES
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import TableStore
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.length_policy import KEEP, LengthPolicy
from skyassets.stages.sampling.prompts import Prompts
from skyassets.stages.sampling.sample import sample

ASKING = Asking(
    Model("teacher", "1"), Prompts("Think.", "{question}", "", "", ""), Sampling(0.7, max_tokens=100), samples=2, seed=5
)


def problems(*questions: str, **more: Any) -> pl.DataFrame:
    return PROBLEMS.frame(
        [
            {"problem_id": f"p-{question}", "source": "s", "domain": "maths", "question": question, **more}
            for question in questions
        ]
    )


class Teacher:
    """Needs as many tokens as `needs` says, and is cut where that is more than the limit; None is an error."""

    in_flight = 0

    def __init__(self, needs: Callable[[str, int], int | None] = lambda question, seed: 50) -> None:
        self.needs = needs
        self.requests: list[tuple[str, int, int]] = []

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        yield self

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        for one in requests:
            question, limit = one.messages[-1].content, one.sampling.max_tokens
            self.requests.append((question, one.seed, limit))
            need = self.needs(question, one.seed)
            if need is None:
                keep(Reply(one.id, "", "error", 0, 0, 0.1, "t", "out of order"))
            else:
                text, why = f"{question} {min(need, limit)}", "stop" if need <= limit else "length"
                keep(Reply(one.id, text, why, 5, min(need, limit), 0.1, "t"))


class Deployment:
    """A row store and a table store in one folder."""

    def __init__(self, folder: Path) -> None:
        self.rows = RowStore(folder / "rows", COMPLETIONS)
        self.tables = TableStore(folder)
        self.builds = 0

    def traces(self, table: pl.DataFrame, asking: Asking, teacher: Teacher) -> pl.DataFrame:
        self.builds += 1
        by = Completer(self.rows, teacher, lambda tally: None)
        origin = Inputs(str(self.builds), {}, None)
        self.built = self.tables.build(TRACES, origin, lambda: sample(table, asking, by))
        return self.tables.read(TRACES).sort("problem_id", "sample")


@pytest.fixture
def place(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path)


def test_every_problem_has_its_samples_and_a_second_run_costs_nothing(place: Deployment) -> None:
    teacher = Teacher()
    first = place.traces(problems("a", "b"), ASKING, teacher)
    assert first.select("problem_id", "sample", "text", "finish_reason", "error").rows() == [
        ("p-a", 0, "a 50", "stop", None), ("p-a", 1, "a 50", "stop", None),
        ("p-b", 0, "b 50", "stop", None), ("p-b", 1, "b 50", "stop", None),
    ]  # fmt: skip
    version = place.built.manifest.data_version
    place.traces(problems("a", "b"), ASKING, teacher)
    assert len(teacher.requests) == 4
    assert place.built.manifest.data_version == version
    assert place.built.manifest.metadata == {"rows reused": 4, "rows asked": 0, "rows failed": 0}


def test_an_added_problem_and_added_samples_request_only_the_new_ones(place: Deployment) -> None:
    teacher = Teacher()
    place.traces(problems("a", "b"), ASKING, teacher)
    teacher.requests.clear()
    place.traces(problems("a", "b", "c"), ASKING, teacher)
    assert teacher.requests == [("c", 5, 100), ("c", 6, 100)]
    teacher.requests.clear()
    place.traces(problems("a", "b", "c"), replace(ASKING, samples=4), teacher)
    assert sorted(teacher.requests) == [(question, seed, 100) for question in "abc" for seed in (7, 8)]


def test_a_failed_sample_has_its_reason_and_is_tried_again(place: Deployment) -> None:
    failing = Teacher(lambda question, seed: None if question == "b" else 50)
    traces = place.traces(problems("a", "b"), ASKING, failing)
    assert traces.height == 4
    assert place.built.manifest.unfinished == 2
    failed = traces.filter(problem_id="p-b")
    assert failed.select("finish_reason", "error", "text", "cut").rows() == [("error", "out of order", None, None)] * 2
    teacher = Teacher()
    assert place.traces(problems("a", "b"), ASKING, teacher)["error"].is_null().all()
    assert [question for question, _, _ in teacher.requests] == ["b", "b"]


def test_a_ready_made_trace_is_not_requested(place: Deployment) -> None:
    teacher = Teacher()
    ready = problems("a", imported_trace="ready")
    traces = place.traces(pl.concat([ready, problems("b")]), replace(ASKING, samples=1), teacher)
    assert traces.select("text", "model", "finish_reason").rows() == [
        ("ready", "imported from s", "stop"), ("b 50", "teacher@1", "stop")
    ]  # fmt: skip
    assert [question for question, _, _ in teacher.requests] == ["b"]


def cut(traces: pl.DataFrame) -> list[tuple[object, ...]]:
    counts = pl.col("cut_completions").list.len().alias("cuts")
    return traces.select("problem_id", "completion_tokens", "finish_reason", "cut", counts).rows()


NEEDS = {"short": 50, "long": 150, "longer": 350, "endless": 10**6}


@pytest.mark.parametrize(
    ("policy", "rows", "calls"),
    [
        (
            LengthPolicy(),
            [("endless", 100, "length", "dropped", 1), ("long", 100, "length", "dropped", 1),
             ("longer", 100, "length", "dropped", 1), ("short", 50, "stop", None, None)],
            4,
        ),
        (
            KEEP,
            [("endless", 100, "length", "kept", 1), ("long", 100, "length", "kept", 1),
             ("longer", 100, "length", "kept", 1), ("short", 50, "stop", None, None)],
            4,
        ),
        (
            LengthPolicy(budgets=(200, 400)),
            [("endless", 400, "length", "dropped", 3), ("long", 150, "stop", "resampled", 1),
             ("longer", 350, "stop", "resampled", 2), ("short", 50, "stop", None, None)],
            4 + 3 + 2,
        ),
        (
            LengthPolicy(budgets=(200,), keep=True),
            [("endless", 200, "length", "kept", 2), ("long", 150, "stop", "resampled", 1),
             ("longer", 200, "length", "kept", 2), ("short", 50, "stop", None, None)],
            4 + 3,
        ),
    ],
    ids=["drop", "keep", "resample, then drop", "resample, then keep"],
)  # fmt: skip
def test_a_trace_cut_by_the_token_limit_is_treated_as_the_recipe_says(
    place: Deployment, policy: LengthPolicy, rows: list[tuple[object, ...]], calls: int
) -> None:
    teacher = Teacher(lambda question, seed: NEEDS[question])
    asking = replace(ASKING, samples=1, length=policy)
    assert cut(place.traces(problems(*NEEDS), asking, teacher)) == [(f"p-{row[0]}", *row[1:]) for row in rows]
    assert len(teacher.requests) == calls
    version = place.built.manifest.data_version
    place.traces(problems(*NEEDS), asking, teacher)
    assert len(teacher.requests) == calls
    assert place.built.manifest.data_version == version


def test_another_policy_requests_only_the_cut_samples(place: Deployment) -> None:
    teacher = Teacher(lambda question, seed: NEEDS[question])
    one = replace(ASKING, samples=1)
    place.traces(problems(*NEEDS), one, teacher)
    teacher.requests.clear()
    traces = place.traces(problems(*NEEDS), replace(one, length=LengthPolicy(budgets=(200,))), teacher)
    assert sorted(teacher.requests) == [(question, 5, 200) for question in ("endless", "long", "longer")]
    first = place.rows.everything(["finish_reason"]).filter(finish_reason="length")["completion_id"].to_list()
    cut = traces.explode("cut_completions")["cut_completions"].drop_nulls().to_list()
    assert set(cut) == set(first)
    assert place.built.manifest.metadata["cut by the token limit"] == {"dropped": 2, "resampled": 1}


@pytest.mark.parametrize("budgets", [(400, 200), (200, 200), (100,), (50,)])
def test_a_budget_that_is_no_larger_is_refused(place: Deployment, budgets: tuple[int, ...]) -> None:
    with pytest.raises(RecipeError, match="larger than"):
        place.traces(problems("a"), replace(ASKING, length=LengthPolicy(budgets)), Teacher())


def test_the_longest_expected_is_requested_first_by_the_other_samples_then_by_difficulty(
    place: Deployment,
) -> None:
    lengths = {"a": 20, "b": 90, "c": 40}
    teacher = Teacher(lambda question, seed: lengths.get(question, 10))
    known = problems(*lengths, difficulty=None)
    place.traces(known, ASKING, teacher)
    teacher.requests.clear()
    rated = pl.concat(
        [problems("d", difficulty=2.0), problems("e", difficulty=7.0), problems("f"), problems("g", difficulty=4.0)]
    )
    place.traces(PROBLEMS.conform(pl.concat([known, rated])), replace(ASKING, samples=3), teacher)
    order = [question for question, _, _ in teacher.requests]
    assert order == ["b", "c", "a", *"eee", *"ggg", *"ddd", *"fff"]


def test_two_problems_with_the_same_question_share_a_completion_and_keep_two_traces(place: Deployment) -> None:
    twins = pl.concat([problems("a"), problems("a").with_columns(problem_id=pl.lit("p-twin"))])
    teacher = Teacher()
    traces = place.traces(twins, replace(ASKING, samples=1), teacher)
    assert len(teacher.requests) == 1
    assert traces["trace_id"].n_unique() == 2
    assert traces["completion_id"].n_unique() == 1
    assert place.built.manifest.metadata["rows asked"] == 1
